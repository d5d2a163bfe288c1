//! What is not kept here, and infrastructure tools ask for on their way: certificates, public keys of SSH, credentials of other
//! services, requests for delegation and properties of accounts. There are none of them; whose they would be has to be there.

use super::call::{Call, Operation};
use super::input::{self, LONG_NAME};
use super::paging::Page;
use super::subject::Subject;
use crate::http::query::{Answer, Constraints, Element, QueryError};
use crate::policy::Keys;

/// The services that users can have credentials for.
const SERVICES: [&str; 3] = ["bedrock.amazonaws.com", "cassandra.amazonaws.com", "codecommit.amazonaws.com"];
/// What certificates, keys and credentials can be.
const STATUS: [&str; 3] = ["Active", "Inactive", "Expired"];

/// Something of a user's that operations name by its id.
struct Identified {
    parameter: &'static str,
    least: usize,
    missing: fn(&str) -> String,
}

const PUBLIC_KEY: Identified = Identified {
    parameter: "SSHPublicKeyId",
    least: 20,
    missing: |id| format!("The Public Key with id {id} cannot be found."),
};
const CERTIFICATE: Identified = Identified {
    parameter: "CertificateId",
    least: 24,
    missing: |id| format!("The Certificate with id {id} cannot be found."),
};
const CREDENTIAL: Identified = Identified {
    parameter: "ServiceSpecificCredentialId",
    least: 20,
    missing: |id| format!("No such credential {id} exists"),
};

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "GetServerCertificate" => |call| server_certificate(call, "iam:GetServerCertificate"),
        "DeleteServerCertificate" => |call| server_certificate(call, "iam:DeleteServerCertificate"),
        "UpdateServerCertificate" => |call| server_certificate(call, "iam:UpdateServerCertificate"),
        "ListServerCertificateTags" => |call| server_certificate(call, "iam:ListServerCertificateTags"),
        "TagServerCertificate" => |call| server_certificate(call, "iam:TagServerCertificate"),
        "UntagServerCertificate" => |call| server_certificate(call, "iam:UntagServerCertificate"),
        "ListServerCertificates" => list_server_certificates,
        "GetSSHPublicKey" => |call| identified(call, "GetSSHPublicKey", &PUBLIC_KEY),
        "DeleteSSHPublicKey" => |call| identified(call, "DeleteSSHPublicKey", &PUBLIC_KEY),
        "UpdateSSHPublicKey" => |call| identified(call, "UpdateSSHPublicKey", &PUBLIC_KEY),
        "ListSSHPublicKeys" => |call| of_user(call, "ListSSHPublicKeys", "SSHPublicKeys"),
        "DeleteSigningCertificate" => |call| identified(call, "DeleteSigningCertificate", &CERTIFICATE),
        "UpdateSigningCertificate" => |call| identified(call, "UpdateSigningCertificate", &CERTIFICATE),
        "ListSigningCertificates" => |call| of_user(call, "ListSigningCertificates", "Certificates"),
        "DeleteServiceSpecificCredential" => |call| identified(call, "DeleteServiceSpecificCredential", &CREDENTIAL),
        "ResetServiceSpecificCredential" => |call| identified(call, "ResetServiceSpecificCredential", &CREDENTIAL),
        "UpdateServiceSpecificCredential" => |call| identified(call, "UpdateServiceSpecificCredential", &CREDENTIAL),
        "ListServiceSpecificCredentials" => list_service_specific_credentials,
        "ListDelegationRequests" => list_delegation_requests,
        "GetAccountProperties" => get_account_properties,
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

/// That there is no such thing of the user's; of public keys the user has to be named.
fn identified(call: &Call<'_>, operation: &'static str, thing: &Identified) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let id = constraints.required(call.query, thing.parameter, (thing.least, 128));
    constraints.word(thing.parameter, Some(id), "", "[\\w]+");
    if operation.starts_with("Update") {
        constraints.not_null(call.query, "Status");
        constraints.one_of(call.query, "Status", &STATUS);
    }
    let subject = match thing.parameter {
        "SSHPublicKeyId" => Subject::named(call, constraints)?,
        _ => Subject::named_or_caller(call, constraints)?,
    };
    subject.authorize(call, &format!("iam:{operation}"), &Keys::new())?;
    Err(QueryError::new("NoSuchEntity", (thing.missing)(id)))
}

fn list_service_specific_credentials(call: &Call<'_>) -> Result<Answer, QueryError> {
    let service = call.query.value("ServiceName").filter(|name| !SERVICES.contains(name));
    let answer = of_user(call, "ListServiceSpecificCredentials", "ServiceSpecificCredentials")?;
    match service {
        None => Ok(answer),
        Some(name) => {
            let name: String = name.chars().take(200).collect();
            let message = format!("No such service {name} is supported for Service Specific Credentials");
            Err(QueryError::new("NoSuchEntity", message))
        }
    }
}

fn of_user(call: &Call<'_>, operation: &'static str, list: &'static str) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let page = Page::read(call.query, &mut constraints);
    let subject = Subject::named_or_caller(call, constraints)?;
    subject.authorize(call, &format!("iam:{operation}"), &Keys::new())?;
    empty(operation, list, page)
}

fn list_delegation_requests(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    constraints.length("OwnerId", call.query.value("OwnerId"), (20, 2048));
    let page = Page::read(call.query, &mut constraints);
    constraints.finish()?;
    call.authorize("iam:ListDelegationRequests", "*", &Keys::new())?;
    page.of(std::iter::empty::<String>(), String::clone)?;
    // This one list says whether there is more in another case than all the others.
    let result = vec![Element::list("DelegationRequests", []), Element::Flag("isTruncated", false)];
    Ok(Answer::new("ListDelegationRequests", result))
}

fn get_account_properties(call: &Call<'_>) -> Result<Answer, QueryError> {
    call.authorize("iam:GetAccountProperties", "*", &Keys::new())?;
    Ok(Answer::new("GetAccountProperties", vec![Element::map::<String>("Properties", [])]))
}

fn empty(operation: &'static str, list: &'static str, page: Page) -> Result<Answer, QueryError> {
    let (_, told) = page.of(std::iter::empty::<String>(), String::clone)?;
    let mut result = vec![Element::list(list, [])];
    result.extend(told);
    Ok(Answer::new(operation, result))
}
