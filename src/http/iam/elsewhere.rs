//! Lists of what is not kept here, which infrastructure tools ask for on their way: there is nothing in them.

use super::call::{Call, Operation};
use super::input::{self, LONG_NAME, SHORT_NAME};
use super::paging::Page;
use crate::arn::Arn;
use crate::http::query::{Answer, Constraints, Element, QueryError};
use crate::policy::Keys;

pub(super) fn operation(name: &str) -> Option<Operation> {
    Some(match name {
        "GetInstanceProfile" => get_instance_profile,
        "ListInstanceProfiles" => list_instance_profiles,
        "ListInstanceProfilesForRole" => list_instance_profiles_for_role,
        "ListServerCertificates" => list_server_certificates,
        "ListSigningCertificates" => list_signing_certificates,
        "ListSSHPublicKeys" => list_ssh_public_keys,
        "ListServiceSpecificCredentials" => list_service_specific_credentials,
        _ => return None,
    })
}

fn get_instance_profile(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let name = input::name(call.query, "InstanceProfileName", LONG_NAME, &mut constraints);
    constraints.finish()?;
    let resource = Arn::iam(&call.account, &format!("instance-profile/{name}"));
    call.authorize("iam:GetInstanceProfile", resource.as_str(), &Keys::new())?;
    Err(QueryError::new("NoSuchEntity", format!("Instance Profile {name} cannot be found.")))
}

fn list_instance_profiles(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let prefix = input::path_prefix(call.query, &mut constraints);
    let page = Page::read(call.query, &mut constraints);
    constraints.finish()?;
    let resource = format!("instance-profile{prefix}*");
    empty(call, "ListInstanceProfiles", "InstanceProfiles", &resource, page)
}

fn list_instance_profiles_for_role(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let role = input::name(call.query, "RoleName", SHORT_NAME, &mut constraints);
    let page = Page::read(call.query, &mut constraints);
    constraints.finish()?;
    empty(call, "ListInstanceProfilesForRole", "InstanceProfiles", &format!("role/{role}"), page)
}

fn list_server_certificates(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let prefix = input::path_prefix(call.query, &mut constraints);
    let page = Page::read(call.query, &mut constraints);
    constraints.finish()?;
    let resource = format!("server-certificate{prefix}*");
    empty(call, "ListServerCertificates", "ServerCertificateMetadataList", &resource, page)
}

fn list_signing_certificates(call: &Call<'_>) -> Result<Answer, QueryError> {
    of_user(call, "ListSigningCertificates", "Certificates")
}

fn list_ssh_public_keys(call: &Call<'_>) -> Result<Answer, QueryError> {
    of_user(call, "ListSSHPublicKeys", "SSHPublicKeys")
}

fn list_service_specific_credentials(call: &Call<'_>) -> Result<Answer, QueryError> {
    of_user(call, "ListServiceSpecificCredentials", "ServiceSpecificCredentials")
}

fn of_user(call: &Call<'_>, operation: &'static str, list: &'static str) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let user = input::optional_name(call.query, "UserName", LONG_NAME, &mut constraints);
    let page = Page::read(call.query, &mut constraints);
    constraints.finish()?;
    empty(call, operation, list, &format!("user/{}", user.unwrap_or("*")), page)
}

fn empty(
    call: &Call<'_>,
    operation: &'static str,
    list: &'static str,
    resource: &str,
    page: Page,
) -> Result<Answer, QueryError> {
    let resource = Arn::iam(&call.account, resource);
    call.authorize(&format!("iam:{operation}"), resource.as_str(), &Keys::new())?;
    let (_, told) = page.of(std::iter::empty::<String>(), String::clone)?;
    let mut result = vec![Element::list(list, [])];
    result.extend(told);
    Ok(Answer::new(operation, result))
}
