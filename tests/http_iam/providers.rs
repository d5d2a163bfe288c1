//! Providers that are made while the service runs: what they vouch for counts, in their account and as long as they exist.

use std::sync::Arc;

use daypass::arn::AccountId;
use daypass::directory::{Assignment, Directory, PermissionSet, Subject};
use daypass::identity::saml::{IdpMetadata, SamlProvider, UnverifiedResponse};
use daypass::session::SessionError;
use daypass::{AssumeRole, Error, Role};
use demo_idp::{Clock, Idp, ServiceProvider, User};
use serde_json::json;

use crate::caller::Reply;
use crate::issuer;
use crate::site::{ACS, ENTITY_ID, Site, allow, arn, policy};

/// The instant of the tests, at the identity provider.
struct Still;

impl Clock for Still {
    fn now(&self) -> time::OffsetDateTime {
        time::OffsetDateTime::from_unix_timestamp(issuer::NOW).unwrap()
    }
}

async fn idp(roles: &[(&str, &str)]) -> Idp {
    let martha = roles
        .iter()
        .fold(User::new("martha", "x"), |user, (role, provider)| user.with_role(format!("{role},{provider}")));
    let service = ServiceProvider::new(ENTITY_ID, ACS);
    Idp::builder().clock(Arc::new(Still)).user(martha).service_provider(service).audience("app").start().await.unwrap()
}

fn trusting(provider: &str, action: &str) -> String {
    policy(&json!({"Effect": "Allow", "Principal": {"Federated": provider}, "Action": action}))
}

async fn with_saml(site: &Site, idp: &Idp, role: &str, provider: &str) -> Reply {
    let assertion = idp.assertion("martha").unwrap();
    let asked = [("RoleArn", role), ("PrincipalArn", provider), ("SAMLAssertion", assertion.as_str())];
    site.sts_as(None, "AssumeRoleWithSAML", &asked).await
}

async fn with_token(site: &Site, idp: &Idp, role: &str, audience: &str) -> Reply {
    let token = idp.id_token("martha", audience).unwrap();
    let asked = [("RoleArn", role), ("RoleSessionName", "martha"), ("WebIdentityToken", token.as_str())];
    site.sts_as(None, "AssumeRoleWithWebIdentity", &asked).await
}

#[tokio::test]
async fn a_saml_provider_made_from_metadata_signs_people_in_until_it_is_deleted() {
    let site = Site::start().await;
    let (provider, role) = (arn("saml-provider/acme"), arn("role/federated"));
    let idp = idp(&[
        (&role, &provider),
        ("arn:aws:iam::222222222222:role/federated", "arn:aws:iam::222222222222:saml-provider/acme"),
    ])
    .await;
    let metadata = idp.saml_metadata();
    site.create_role("federated", &trusting(&provider, "sts:AssumeRoleWithSAML")).await;
    assert_eq!(with_saml(&site, &idp, &role, &provider).await.text("Code"), Some("InvalidIdentityToken"));

    let made = site.done("CreateSAMLProvider", &[("Name", "acme"), ("SAMLMetadataDocument", &metadata)]).await;
    assert_eq!(made.text("SAMLProviderArn"), Some(provider.as_str()));
    let session = with_saml(&site, &idp, &role, &provider).await;
    assert_eq!(session.status, 200, "{}", session.body);
    let expected = "arn:aws:sts::111111111111:assumed-role/federated/martha";
    assert!(session.body.contains(expected), "{}", session.body);

    // The same name in another account is another provider, and there is none.
    let theirs = "arn:aws:iam::222222222222:saml-provider/acme";
    let refused = with_saml(&site, &idp, "arn:aws:iam::222222222222:role/federated", theirs).await;
    assert_eq!(refused.text("Code"), Some("InvalidIdentityToken"), "{}", refused.body);
    let crossed = with_saml(&site, &idp, "arn:aws:iam::222222222222:role/federated", &provider).await;
    assert_eq!(crossed.text("Code"), Some("AccessDenied"), "{}", crossed.body);

    let other = Idp::builder().service_provider(ServiceProvider::new(ENTITY_ID, ACS)).start().await.unwrap();
    let update = [("SAMLProviderArn", provider.as_str()), ("SAMLMetadataDocument", &other.saml_metadata())];
    site.done("UpdateSAMLProvider", &update).await;
    assert_eq!(with_saml(&site, &idp, &role, &provider).await.text("Code"), Some("InvalidIdentityToken"));
    site.done("UpdateSAMLProvider", &[("SAMLProviderArn", &provider), ("SAMLMetadataDocument", &metadata)]).await;
    assert_eq!(with_saml(&site, &idp, &role, &provider).await.status, 200);
    let told = "Unable to update identity provider. No updates are defined for metadata or encryption assertion.";
    let refused = site.refused("UpdateSAMLProvider", &[("SAMLProviderArn", &provider)]).await;
    assert_eq!(refused, (400, "InvalidInput".to_owned(), told.to_owned()));
    site.done("DeleteSAMLProvider", &[("SAMLProviderArn", &provider)]).await;
    assert_eq!(with_saml(&site, &idp, &role, &provider).await.text("Code"), Some("InvalidIdentityToken"));
}

#[tokio::test]
async fn a_saml_provider_is_read_listed_and_tagged() {
    let site = Site::start().await;
    let metadata = idp(&[]).await.saml_metadata();
    let asked = [
        ("Name", "acme"),
        ("SAMLMetadataDocument", metadata.as_str()),
        ("Tags.member.1.Key", "team"),
        ("Tags.member.1.Value", "cats"),
    ];
    site.done("CreateSAMLProvider", &asked).await;
    let name = arn("saml-provider/acme");
    let named = ("SAMLProviderArn", name.as_str());
    let read = site.done("GetSAMLProvider", &[named]).await;
    assert!(read.body.contains("IDPSSODescriptor"), "{}", read.body);
    assert_eq!((read.text("CreateDate"), read.text("Key")), (Some("2026-01-01T00:00:00Z"), Some("team")));
    assert_eq!(site.done("ListSAMLProviders", &[]).await.text("Arn"), Some(name.as_str()));
    site.done("UntagSAMLProvider", &[named, ("TagKeys.member.1", "team")]).await;
    assert_eq!(site.done("ListSAMLProviderTags", &[named]).await.text("Key"), None);
    let (status, code, _) = site.refused("CreateSAMLProvider", &asked).await;
    assert_eq!((status, code.as_str()), (409, "EntityAlreadyExists"));
    let broken = [("Name", "other"), ("SAMLMetadataDocument", &*"<x>".repeat(500))];
    let (status, code, message) = site.refused("CreateSAMLProvider", &broken).await;
    assert_eq!((status, code.as_str()), (400, "InvalidInput"));
    assert!(message.starts_with("Invalid metadata document: "), "{message}");
    let short = [("Name", "other"), ("SAMLMetadataDocument", "<x/>")];
    assert_eq!(site.refused("CreateSAMLProvider", &short).await.1, "ValidationError");
    let keyed = [&[("Name", "other"), ("AssertionEncryptionMode", "Required")], &asked[1..]].concat();
    assert_eq!(site.refused("CreateSAMLProvider", &keyed).await.1, "InvalidInput");
}

#[tokio::test]
async fn an_oidc_provider_takes_tokens_for_its_client_ids_until_it_is_deleted() {
    let idp = idp(&[]).await;
    let site = Site::near(idp.issuer()).await;
    let host = idp.issuer().strip_prefix("http://").unwrap();
    let (provider, role) = (arn(&format!("oidc-provider/{host}")), arn("role/federated"));
    site.create_role("federated", &trusting(&provider, "sts:AssumeRoleWithWebIdentity")).await;
    assert_eq!(with_token(&site, &idp, &role, "app").await.text("Code"), Some("InvalidIdentityToken"));

    let thumbprint = "a".repeat(40);
    let asked = [("Url", idp.issuer()), ("ClientIDList.member.1", "other"), ("ThumbprintList.member.1", &thumbprint)];
    let made = site.done("CreateOpenIDConnectProvider", &asked).await;
    assert_eq!(made.text("OpenIDConnectProviderArn"), Some(provider.as_str()));
    let named = ("OpenIDConnectProviderArn", provider.as_str());
    assert_eq!(with_token(&site, &idp, &role, "app").await.text("Code"), Some("InvalidIdentityToken"));
    site.done("AddClientIDToOpenIDConnectProvider", &[named, ("ClientID", "app")]).await;
    let session = with_token(&site, &idp, &role, "app").await;
    assert_eq!(session.status, 200, "{}", session.body);
    let theirs = with_token(&site, &idp, "arn:aws:iam::222222222222:role/elsewhere", "app").await;
    assert_eq!(theirs.text("Code"), Some("InvalidIdentityToken"), "{}", theirs.body);

    let read = site.done("GetOpenIDConnectProvider", &[named]).await;
    assert_eq!(read.text("Url"), Some(host));
    assert!(
        read.body.contains("<ClientIDList><member>app</member><member>other</member></ClientIDList>"),
        "{}",
        read.body
    );
    assert!(read.body.contains(&thumbprint));
    assert_eq!(site.done("ListOpenIDConnectProviders", &[]).await.text("Arn"), Some(provider.as_str()));
    for client in ["app", "other", "never"] {
        site.done("RemoveClientIDFromOpenIDConnectProvider", &[named, ("ClientID", client)]).await;
    }
    assert_eq!(with_token(&site, &idp, &role, "app").await.text("Code"), Some("InvalidIdentityToken"));
    site.done("AddClientIDToOpenIDConnectProvider", &[named, ("ClientID", "app")]).await;
    assert_eq!(with_token(&site, &idp, &role, "app").await.status, 200);
    site.done("DeleteOpenIDConnectProvider", &[named]).await;
    assert_eq!(with_token(&site, &idp, &role, "app").await.text("Code"), Some("InvalidIdentityToken"));
}

#[tokio::test]
async fn the_network_of_the_service_is_open_to_the_issuers_it_names_alone() {
    let named = "http://localhost:8100";
    let site = Site::near(named).await;
    for near in ["http://localhost:8101", "https://localhost:8100", "http://127.0.0.1:8100", "http://localhost:8100/"] {
        let (status, code, message) = site.refused("CreateOpenIDConnectProvider", &[("Url", near)]).await;
        assert_eq!((status, code.as_str()), (400, "InvalidInput"), "{near}");
        assert!(message.ends_with("an issuer on this machine is not allowed here"), "{message}");
    }
    for url in [named, "https://10.0.0.1", "https://login.internal"] {
        site.done("CreateOpenIDConnectProvider", &[("Url", url), ("ClientIDList.member.1", "app")]).await;
    }
    let own: AccountId = crate::site::ACCOUNT.parse().unwrap();
    let accounts = site.broker.registry().read();
    for record in accounts.find(&own).unwrap().oidc_providers.values() {
        let provider = record.provider.as_ref().unwrap();
        assert_eq!(provider.is_local_network(), record.issuer() == named, "{}", record.name);
    }
}

#[tokio::test]
async fn what_is_no_issuer_and_what_is_configured_already_is_no_new_provider() {
    let site = Site::start().await;
    for url in ["login.example.com", "http://login.example.com", "https://x.example/?a=b", "https://u@x.example"] {
        let (status, code, message) = site.refused("CreateOpenIDConnectProvider", &[("Url", url)]).await;
        assert_eq!((status, code.as_str()), (400, "ValidationError"), "{message}");
        assert!(message.starts_with("Invalid Open ID Connect Provider URL: "), "{message}");
    }
    let (status, code, _) = site.refused("CreateOpenIDConnectProvider", &[("Url", issuer::ISSUER)]).await;
    assert_eq!((status, code.as_str()), (409, "EntityAlreadyExists"));
    let short = [("Url", "https://x.example"), ("ThumbprintList.member.1", "abc")];
    assert_eq!(site.refused("CreateOpenIDConnectProvider", &short).await.1, "ValidationError");
    let gone = arn("oidc-provider/x.example");
    let (status, code, message) =
        site.refused("GetOpenIDConnectProvider", &[("OpenIDConnectProviderArn", &gone)]).await;
    assert_eq!((status, code.as_str()), (404, "NoSuchEntity"));
    assert_eq!(message, format!("OpenIDConnect Provider not found for arn {gone}"));
}

#[tokio::test]
async fn no_provider_made_here_reaches_a_role_of_the_directory() {
    let account: AccountId = "111111111111".parse().unwrap();
    let role = Directory::provisioned_role_arn(&account, "Admin").to_string();
    let managed = Directory::managed_provider_arn(&account).to_string();
    let set = PermissionSet::new("Admin", "Everything.", allow("*").parse().unwrap());
    let subject = Subject::Group("Admins".to_owned());
    let directory = Directory::new().with_account(account.clone(), "Production").with_permission_set(set);
    let directory = directory.with_assignment(Assignment::new(subject, account, "Admin")).unwrap();
    let site = Site::with(|broker| broker.with_directory(directory).unwrap()).await;
    let idp = idp(&[(&role, &managed)]).await;
    let name = managed.rsplit('/').next().unwrap();
    site.done("CreateSAMLProvider", &[("Name", name), ("SAMLMetadataDocument", &idp.saml_metadata())]).await;
    let refused = with_saml(&site, &idp, &role, &managed).await;
    assert_eq!((refused.status, refused.text("Code")), (403, Some("AccessDenied")), "{}", refused.body);
}

/// What an account's own provider says is no word for roles of another account, which may have a provider of that name.
#[tokio::test]
async fn attack_an_identity_of_one_accounts_provider_in_another_account() {
    let (there, vault) = ("arn:aws:iam::222222222222:saml-provider/acme", "arn:aws:iam::222222222222:role/vault");
    let idp = idp(&[(vault, there)]).await;
    let site = Site::near(idp.issuer()).await;
    let metadata = idp.saml_metadata();
    site.done("CreateSAMLProvider", &[("Name", "acme"), ("SAMLMetadataDocument", &metadata)]).await;
    let trust = trusting(there, "sts:AssumeRoleWithSAML").parse().unwrap();
    site.broker.registry().configure_role(Role::new(vault.parse().unwrap(), trust).unwrap(), issuer::now());

    let assertion = idp.assertion("martha").unwrap();
    let response = UnverifiedResponse::for_exchange(&assertion).unwrap();
    let flow = site.broker.begin().unwrap();
    let own: AccountId = crate::site::ACCOUNT.parse().unwrap();
    let identity = flow.exchange_in(&own, "acme", response).await.unwrap();
    assert_eq!(identity.account(), Some(&own));
    let ask = AssumeRole::new(vault.parse().unwrap(), "martha".parse().unwrap());
    let refused = flow.assume_role(&identity, ask).unwrap_err();
    assert!(matches!(refused, Error::Session(SessionError::NotListed { .. })), "{refused:?}");

    // As above, for tokens: the provider knows its account, whoever verifies with it.
    let client = [("Url", idp.issuer()), ("ClientIDList.member.1", "app")];
    site.done("CreateOpenIDConnectProvider", &client).await;
    let accounts = site.broker.registry().read();
    let record = accounts.find(&own).unwrap().oidc_providers.values().next().unwrap();
    assert_eq!(record.provider.as_ref().unwrap().account(), Some(&own));
}

#[tokio::test]
async fn providers_that_are_configured_with_the_service_are_listed_and_not_changed() {
    let idp = idp(&[]).await;
    let metadata = idp.saml_metadata();
    let corp = SamlProvider::new(&metadata, ENTITY_ID, ACS).unwrap().named("corp");
    let site = Site::with(|broker| broker.with_provider(corp)).await;
    let saml = arn("saml-provider/corp");
    let listed = site.done("ListOpenIDConnectProviders", &[]).await;
    let openid = listed.text("Arn").unwrap().to_owned();
    assert!(openid.starts_with(&arn("oidc-provider/")), "{}", listed.body);
    let made = issuer::now().to_string();
    let listed = site.done("ListSAMLProviders", &[]).await;
    assert_eq!((listed.text("Arn"), listed.text("CreateDate")), (Some(saml.as_str()), Some(made.as_str())));
    let read = site.done("GetSAMLProvider", &[("SAMLProviderArn", &saml)]).await;
    assert_eq!(read.text("CreateDate"), Some(made.as_str()));
    let document =
        read.text("SAMLMetadataDocument").unwrap().replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    let (stated, believed) = (IdpMetadata::parse(&metadata).unwrap(), IdpMetadata::parse(&document).unwrap());
    assert_eq!((believed.entity_id(), believed.keys()), (stated.entity_id(), stated.keys()));
    assert!(site.done("ListSAMLProviderTags", &[("SAMLProviderArn", &saml)]).await.body.contains("<Tags></Tags>"));
    let tags = site.done("ListOpenIDConnectProviderTags", &[("OpenIDConnectProviderArn", &openid)]).await;
    assert!(tags.body.contains("<Tags></Tags>"), "{}", tags.body);
    let shown = site.done("GetOpenIDConnectProvider", &[("OpenIDConnectProviderArn", &openid)]).await;
    assert!(openid.ends_with(shown.text("Url").unwrap()), "{}", shown.body);
    assert_eq!(shown.text("CreateDate"), Some(made.as_str()));
    let tag = [("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "b")];
    for (operation, mut asked) in [
        ("UpdateSAMLProvider", vec![("SAMLProviderArn", saml.as_str())]),
        ("DeleteSAMLProvider", vec![("SAMLProviderArn", saml.as_str())]),
        ("TagSAMLProvider", vec![("SAMLProviderArn", saml.as_str())]),
        ("DeleteOpenIDConnectProvider", vec![("OpenIDConnectProviderArn", openid.as_str())]),
        ("TagOpenIDConnectProvider", vec![("OpenIDConnectProviderArn", openid.as_str())]),
    ] {
        if operation.starts_with("Tag") {
            asked.extend(tag);
        }
        let (status, code, message) = site.refused(operation, &asked).await;
        assert_eq!((status, code.as_str()), (400, "UnmodifiableEntity"), "{operation}: {message}");
    }
}
