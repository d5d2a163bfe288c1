//! What sign-in cannot be set up with, and what is said of it.

use std::time::Duration;

use daypass::http::application::SignIn;
use daypass::http::portal::PortalError;
use daypass::http::relying_party::RelyingParty;
use daypass::identity::oidc::OidcProvider;
use daypass::{Broker, Keyring};

use crate::site::{APP, World};

fn party(redirect_uri: &str) -> RelyingParty {
    RelyingParty::new(OidcProvider::new("https://idp.example", ["app"]).unwrap(), "secret", redirect_uri).unwrap()
}

#[tokio::test]
async fn providers_share_neither_a_name_nor_a_redirect_uri() {
    let world = World::start().await;
    let red = || world.sign_in().with_relying_party("red", "Red Ltd", world.relying_party("red")).unwrap();
    let refused = red().with_relying_party("red", "Red again", world.relying_party("red")).unwrap_err();
    assert_eq!(refused, PortalError::SameName { name: "red".to_owned() });
    let refused = red().with_relying_party("green", "Green", world.relying_party("red")).unwrap_err();
    let (expected, found) = (format!("{APP}/oidc/callback/green"), format!("{APP}/oidc/callback/red"));
    let told = format!("the provider's answers must come to {expected}; it was configured to send them to {found}");
    assert_eq!(refused, PortalError::AnswerElsewhere { expected, found });
    assert_eq!(refused.to_string(), told);
    let saml = world.sign_in().with_saml("corp", "Example Corp").unwrap();
    assert_eq!(saml.with_saml("corp", "Again").unwrap_err(), PortalError::SameName { name: "corp".to_owned() });
}

#[tokio::test]
async fn providers_must_exist_and_answer_here() {
    let world = World::start().await;
    assert!(matches!(world.sign_in().with_saml("nobody", ""), Err(PortalError::UnknownProvider { .. })));
    for redirect_uri in ["https://app.example/oidc/callback", "https://elsewhere.example/oidc/callback/red"] {
        let refused = world.sign_in().with_relying_party("red", "", party(redirect_uri)).unwrap_err();
        assert!(matches!(refused, PortalError::AnswerElsewhere { .. }), "{refused:?}");
    }
    let elsewhere = SignIn::new(world.broker(), "https://other.example").unwrap();
    assert!(matches!(elsewhere.with_saml("corp", ""), Err(PortalError::AnswerElsewhere { .. })));
    assert!(matches!(SignIn::new(world.broker(), "app.example"), Err(PortalError::BaseUrl { .. })));
}

#[tokio::test]
async fn a_name_that_cannot_stand_in_a_redirect_uri_is_refused() {
    let world = World::start().await;
    for name in ["", "..", ".red", "a/b", "a b", "a?b", "a%2fb", "é", &"a".repeat(65)] {
        let refused = world.sign_in().with_relying_party(name, "", party("https://app.example/x")).unwrap_err();
        assert_eq!(refused, PortalError::ProviderName { found: name.to_owned() });
    }
}

#[tokio::test]
async fn domains_lead_to_one_provider_that_is_there() {
    let world = World::start().await;
    let all = || world.sign_in_with_all();
    assert!(matches!(all().with_domains("nobody", ["a.example"]), Err(PortalError::UnknownProvider { .. })));
    let refused = all().with_domains("red", ["a.example", "*.b.example"]).unwrap_err();
    assert_eq!(refused, PortalError::Domain { found: "*.b.example".to_owned() });
    let refused = all().with_domains("red", ["a.example"]).unwrap().with_domains("corp", ["A.Example"]).unwrap_err();
    assert_eq!(refused.to_string(), r#"the domain a.example leads to "red" already, and cannot lead to "corp" too"#);
    let both = RelyingParty::new(
        OidcProvider::new("https://idp.example", ["app"]).unwrap(),
        "secret",
        "https://app.example/oidc/callback/corp",
    );
    let both = all().with_relying_party("corp", "Example Corp", both.unwrap()).unwrap();
    let refused = both.with_domains("corp", ["a.example"]).unwrap_err();
    assert_eq!(refused, PortalError::SameName { name: "corp".to_owned() });
}

#[tokio::test]
async fn a_session_lasts_between_a_second_and_eight_hours() {
    let world = World::start().await;
    let longest = Duration::from_secs(8 * 3600);
    for found in [Duration::ZERO, longest + Duration::from_secs(1)] {
        let refused = world.sign_in().with_session_lifetime(found).unwrap_err();
        assert_eq!(refused, PortalError::SessionLifetime { found, longest });
    }
    assert!(world.sign_in().with_session_lifetime(longest).is_ok());
}

/// The ID tokens of people pass through browsers and logs: they must be no workload's credential.
#[tokio::test]
async fn a_client_whose_tokens_are_exchanged_for_roles_signs_nobody_in() {
    let party = |client_id: &str| {
        let provider = OidcProvider::new("https://idp.example", [client_id]).unwrap();
        RelyingParty::new(provider, "secret", "https://app.example/oidc/callback/red").unwrap()
    };
    let sign_in = || {
        let exchanged = OidcProvider::new("https://idp.example", ["sts.example", "app"]).unwrap();
        let broker = Broker::new(Keyring::generate().unwrap()).with_provider(exchanged);
        SignIn::new(broker.into(), APP).unwrap()
    };
    let refused = sign_in().with_relying_party("red", "", party("app")).unwrap_err();
    assert_eq!(refused, PortalError::SharedAudience { client_id: "app".to_owned() });
    assert!(sign_in().with_relying_party("red", "", party("another")).is_ok());
}
