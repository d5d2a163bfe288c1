//! The documents of `examples/mappings`, each on an assertion or token of the shape its provider documents.

use daypass::VerifiedIdentity;
use daypass::session::{FederationRequest, Mapping, MappingError};
use serde_json::json;

use super::{EDITOR, READER, assertion, attribute, martha, refused, roles};
use crate::world;

const ENTRA_GROUP: &str = "5c3b0d7e-4a61-4c7e-9d55-0f6a1f2f7c01";

fn sample(name: &str) -> Mapping {
    let path = format!("{}/examples/mappings/{name}.json", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}

fn apply(name: &str, identity: &VerifiedIdentity) -> FederationRequest {
    sample(name).apply(identity).unwrap_or_else(|error| panic!("{name}: {}", error.reason()))
}

fn session_name(request: &FederationRequest) -> &str {
    request.role_session_name.as_ref().unwrap().as_str()
}

fn tag<'r>(request: &'r FederationRequest, key: &str) -> Option<&'r str> {
    request.tags.values().get(key).map(String::as_str)
}

#[test]
fn every_sample_is_read_and_says_nothing_odd() {
    let mut seen = 0;
    for entry in std::fs::read_dir(format!("{}/examples/mappings", env!("CARGO_MANIFEST_DIR"))).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let mapping = sample(path.file_stem().unwrap().to_str().unwrap());
            assert_eq!(mapping.findings(), [], "{}", path.display());
            seen += 1;
        }
    }
    assert_eq!(seen, 9);
}

fn entra(more: &[(&str, &[&str])]) -> VerifiedIdentity {
    let mut attributes: Vec<(&str, &[&str])> = vec![
        ("http://schemas.microsoft.com/identity/claims/tenantid", &["0a9c0fd4-0a0a-4f52-9d1e-33d0f5b1f9a1"]),
        ("http://schemas.microsoft.com/identity/claims/objectidentifier", &["b7f2a1c6-1d2b-4a3e-8a39-6de1f3a0c555"]),
        ("http://schemas.microsoft.com/identity/claims/displayname", &["Martha Rivera"]),
        ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name", &["martha@example.com"]),
    ];
    attributes.extend(more);
    martha(&attributes)
}

#[test]
fn entra_id_sends_groups_as_object_ids() {
    let groups: (&str, &[&str]) = (
        "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups",
        &["11d2b7a3-7c1f-4b52-b6d2-7a5b87a8c802", ENTRA_GROUP],
    );
    let roles_of_app: (&str, &[&str]) =
        ("http://schemas.microsoft.com/ws/2008/06/identity/claims/role", &["PhotoEditor"]);
    let department: (&str, &[&str]) = ("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/department", &["Photos"]);
    let request = apply("entra-id", &entra(&[groups, roles_of_app, department]));
    assert_eq!(roles(&request), [READER, EDITOR]);
    assert_eq!(session_name(&request), "martha@example.com");
    assert_eq!(request.source_identity.as_ref().unwrap().as_str(), "b7f2a1c6-1d2b-4a3e-8a39-6de1f3a0c555");
    assert_eq!(tag(&request, "Department"), Some("Photos"));
    assert_eq!(request.tags.transitive(), ["Department"]);
    assert!(roles(&apply("entra-id", &entra(&[]))).is_empty());
}

#[test]
fn entra_id_sends_a_link_in_place_of_many_groups() {
    let link: (&str, &[&str]) = (
        "http://schemas.microsoft.com/claims/groups.link",
        &["https://graph.windows.net/0a9c/users/b7f2/getMemberObjects"],
    );
    let error = refused(&sample("entra-id"), &entra(&[link]));
    assert!(matches!(error, MappingError::Overage { .. }), "{error:?}");
    assert!(error.reason().contains("more groups than the provider sends"), "{}", error.reason());
    let renamed =
        super::with_rules(&json!([{"when": {"attribute": "groups", "any_of": ENTRA_GROUP}, "roles": READER}]));
    assert!(matches!(refused(&renamed, &entra(&[link])), MappingError::Overage { .. }));
    for overage in [
        json!({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.windows.net/x"}}}),
        json!({"hasgroups": true}),
    ] {
        let error = refused(&sample("entra-id-oidc"), &world::identity(&overage));
        assert!(matches!(error, MappingError::Overage { .. }), "{overage}: {error:?}");
    }
}

#[test]
fn entra_id_tokens_carry_groups_and_app_roles() {
    let claims = json!({"groups": [ENTRA_GROUP], "roles": ["PhotoEditor"], "preferred_username": "martha@example.com",
        "oid": "b7f2a1c6-1d2b-4a3e-8a39-6de1f3a0c555", "tid": "0a9c0fd4"});
    let request = apply("entra-id-oidc", &world::identity(&claims));
    assert_eq!(roles(&request), [READER, EDITOR]);
    assert_eq!(session_name(&request), "martha@example.com");
}

#[test]
fn okta_sends_group_names_plain_or_that_name_a_role() {
    let groups = ["Everyone", "Developers", "aws#photos#PhotoEditor#111111111111", "aws#mail#Audit#222222222222"];
    let okta = [
        attribute("", "groups", "unspecified", &groups),
        attribute("", "email", "unspecified", &["martha@example.com"]),
        attribute("", "department", "unspecified", &["Photos"]),
    ];
    let request = apply("okta", &assertion("martha@example.com", &okta));
    assert_eq!(roles(&request), [EDITOR, "arn:aws:iam::222222222222:role/Audit", READER]);
    assert_eq!((session_name(&request), tag(&request, "Department")), ("martha@example.com", Some("Photos")));
}

#[test]
fn google_workspace_sends_what_an_administrator_mapped_and_no_groups() {
    let google = |access: &str| {
        let attributes = [attribute("", "photoAccess", "unspecified", &[access])];
        apply("google-workspace", &assertion("martha@example.com", &attributes))
    };
    assert_eq!(roles(&google("reader")), [READER]);
    assert_eq!(roles(&google("editor")), [READER, EDITOR]);
    assert!(roles(&google("Reader")).is_empty());
    assert_eq!(session_name(&google("reader")), "martha@example.com");
    assert!(roles(&apply("google-workspace", &assertion("martha@example.com", &[]))).is_empty());
}

#[test]
fn google_tokens_name_the_domain_they_are_of() {
    let google = |claims| apply("google-oidc", &world::identity(&claims));
    let of = |hd, verified: bool| json!({"hd": hd, "email": "martha@example.com", "email_verified": verified});
    assert_eq!(roles(&google(of("example.com", true))), [READER]);
    assert!(roles(&google(of("example.org", true))).is_empty());
    assert!(roles(&google(of("example.com", false))).is_empty());
    // A private account has no domain, whatever its address.
    assert!(roles(&google(json!({"email": "martha@example.com", "email_verified": true}))).is_empty());
}

#[test]
fn keycloak_sends_each_role_as_an_attribute_of_its_own_and_groups_as_paths() {
    let keycloak = [
        attribute("", "Role", "basic", &["offline_access"]),
        attribute("", "Role", "basic", &["photo-reader"]),
        attribute("", "member", "basic", &["/aws/222222222222/Audit", "/aws/222222222222/a/b", "/staff"]),
        attribute("", "email", "basic", &["martha@example.com"]),
    ];
    let request = apply("keycloak", &assertion("G-5a1c", &keycloak));
    assert_eq!(roles(&request), [READER, "arn:aws:iam::222222222222:role/Audit"]);
    let paths = [attribute("", "member", "basic", &["/photos/editors"])];
    assert_eq!(roles(&apply("keycloak", &assertion("martha", &paths))), [READER]);
}

#[test]
fn keycloak_tokens_carry_roles_inside_of_objects() {
    let claims = json!({"preferred_username": "martha", "realm_access": {"roles": ["offline_access", "photo-reader"]},
        "resource_access": {"photos": {"roles": ["editor"]}, "account": {"roles": ["manage-account"]}}});
    assert_eq!(roles(&apply("keycloak-oidc", &world::identity(&claims))), [READER, EDITOR]);
    let elsewhere = json!({"preferred_username": "martha", "resource_access": {"account": {"roles": ["editor"]}}});
    assert!(roles(&apply("keycloak-oidc", &world::identity(&elsewhere))).is_empty());
    let grouped = json!({"preferred_username": "martha", "groups": ["/photos/readers"]});
    assert_eq!(roles(&apply("keycloak-oidc", &world::identity(&grouped))), [READER]);
}

#[test]
fn adfs_sends_names_qualified_by_domain_or_distinguished_names() {
    const GROUP: &str = "http://schemas.xmlsoap.org/claims/Group";
    const UPN: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn";
    const ACCOUNT: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/windowsaccountname";
    let upn: (&str, &[&str]) = (UPN, &["Martha@corp.example"]);
    let request = apply("adfs", &martha(&[(GROUP, &["CORP\\Domain Users", "CORP\\aws-222222222222-Audit"]), upn]));
    assert_eq!(roles(&request), ["arn:aws:iam::222222222222:role/Audit"]);
    assert_eq!(session_name(&request), "martha@corp.example");
    let account: (&str, &[&str]) = (ACCOUNT, &["CORP\\Martha"]);
    for group in ["CORP\\photo readers", "CN=Photo Readers,OU=Groups,DC=corp,DC=example"] {
        let request = apply("adfs", &martha(&[(GROUP, &[group]), account]));
        assert_eq!((roles(&request), session_name(&request)), (vec![READER], "martha"), "{group}");
    }
    // Another domain's group of the same name, and a distinguished name that holds ours as a value.
    for group in ["EVIL\\Photo Readers", "CN=Photo Readers\\,OU=Groups,OU=Evil,DC=corp,DC=example"] {
        assert!(roles(&apply("adfs", &martha(&[(GROUP, &[group]), account]))).is_empty(), "{group}");
    }
}

#[test]
fn shibboleth_sends_object_identifiers_with_friendly_names() {
    let eppn = |name| attribute("eduPersonPrincipalName", name, "uri", &["martha@example.edu"]);
    let entitlement = attribute(
        "eduPersonEntitlement",
        "urn:oid:1.3.6.1.4.1.5923.1.1.1.7",
        "uri",
        &["urn:mace:dir:entitlement:common-lib-terms", "urn:mace:example.edu:aws:222222222222:Audit"],
    );
    let member_of =
        attribute("isMemberOf", "urn:oid:1.3.6.1.4.1.5923.1.5.1.1", "uri", &["urn:collab:group:example.edu:photos"]);
    let affiliation = attribute("eduPersonPrimaryAffiliation", "urn:oid:1.3.6.1.4.1.5923.1.1.1.5", "uri", &["staff"]);
    let sent = [eppn("urn:oid:1.3.6.1.4.1.5923.1.1.1.6"), entitlement, member_of, affiliation];
    let request = apply("shibboleth", &assertion("_3f1c", &sent));
    assert_eq!(roles(&request), ["arn:aws:iam::222222222222:role/Audit", READER]);
    assert_eq!((session_name(&request), tag(&request, "Affiliation")), ("martha@example.edu", Some("staff")));
    // SAML 1 style names, known by their friendly ones.
    let older = apply("shibboleth", &assertion("_3f1c", &[eppn("urn:mace:dir:attribute-def:eduPersonPrincipalName")]));
    assert_eq!(session_name(&older), "martha@example.edu");
}
