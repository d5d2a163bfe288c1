//! What is not kept here, and infrastructure tools ask for on their way: certificates, public keys of SSH and credentials of
//! other services. There are none of them; whose they would be has to be there.

use super::call::{Call, Operation};
use super::input::{self, LONG_NAME};
use super::paging::Page;
use super::subject::Subject;
use crate::http::query::{Answer, Constraints, Element, QueryError};
use crate::policy::Keys;

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "GetServerCertificate" => |call| server_certificate(call, "iam:GetServerCertificate"),
        "ListServerCertificateTags" => |call| server_certificate(call, "iam:ListServerCertificateTags"),
        "ListServerCertificates" => list_server_certificates,
        "GetSSHPublicKey" => get_ssh_public_key,
        "ListSSHPublicKeys" => |call| of_user(call, "ListSSHPublicKeys", "SSHPublicKeys"),
        "ListSigningCertificates" => |call| of_user(call, "ListSigningCertificates", "Certificates"),
        "ListServiceSpecificCredentials" => {
            |call| of_user(call, "ListServiceSpecificCredentials", "ServiceSpecificCredentials")
        }
        _ => return None,
    })
}

fn server_certificate(call: &Call<'_>, action: &str) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let name = input::name(call.query, "ServerCertificateName", LONG_NAME, &mut constraints);
    constraints.finish()?;
    call.authorize(action, call.arn(&format!("server-certificate/{name}")).as_str(), &Keys::new())?;
    let message = format!("The Server Certificate with name {name} cannot be found.");
    Err(QueryError::new("NoSuchEntity", message))
}

fn list_server_certificates(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let prefix = input::path_prefix(call.query, &mut constraints);
    let page = Page::read(call.query, &mut constraints);
    constraints.finish()?;
    let resource = call.arn(&format!("server-certificate{prefix}*"));
    call.authorize("iam:ListServerCertificates", resource.as_str(), &Keys::new())?;
    empty("ListServerCertificates", "ServerCertificateMetadataList", page)
}

fn get_ssh_public_key(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let id = constraints.required(call.query, "SSHPublicKeyId", (20, 128));
    if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        constraints.pattern("SSHPublicKeyId", Some(id), "[\\w]+");
    }
    let subject = Subject::named(call, constraints)?;
    subject.authorize(call, "iam:GetSSHPublicKey", &Keys::new())?;
    Err(QueryError::new("NoSuchEntity", format!("The Public Key with id {id} cannot be found.")))
}

fn of_user(call: &Call<'_>, operation: &'static str, list: &'static str) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let page = Page::read(call.query, &mut constraints);
    let subject = Subject::named_or_caller(call, constraints)?;
    subject.authorize(call, &format!("iam:{operation}"), &Keys::new())?;
    empty(operation, list, page)
}

fn empty(operation: &'static str, list: &'static str, page: Page) -> Result<Answer, QueryError> {
    let (_, told) = page.of(std::iter::empty::<String>(), String::clone)?;
    let mut result = vec![Element::list(list, [])];
    result.extend(told);
    Ok(Answer::new(operation, result))
}
