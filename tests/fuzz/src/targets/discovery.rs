//! Provider metadata. The first byte chooses the issuer that was asked; the rest is the document. A finding: the endpoints
//! of another issuer, or others than a second reader of the same JSON sees.

use daypass::identity::oidc::IssuerUrl;
use daypass::identity::oidc::discovery::Discovery;
use serde_json::Value;

use crate::judge::in_time;

/// The issuers that are asked.
pub const ISSUERS: [&str; 4] =
    ["https://idp.example/tenant", "https://idp.example/tenant/", "https://idp.example", "http://localhost:8100"];

/// Reads the metadata in `data`.
pub fn target(data: &[u8]) {
    let [chosen, document @ ..] = data else { return };
    let issuer = IssuerUrl::parse(ISSUERS[usize::from(*chosen) % ISSUERS.len()]).expect("an issuer");
    let discovery = match in_time(document, || Discovery::parse(document, &issuer)) {
        Ok(discovery) => discovery,
        Err(error) => {
            let _ = (error.to_string(), error.reason());
            return;
        }
    };
    let document: Value = match serde_json::from_slice(document) {
        Ok(document) => document,
        // The other parser makes numbers of numbers.
        Err(error) if error.to_string().contains("number out of range") => return,
        Err(error) => panic!("metadata that is no JSON: {error}"),
    };
    let text = |name: &str| document.get(name).map(|value| value.as_str().expect("text"));
    assert_eq!(text("issuer"), Some(issuer.as_str()), "the metadata of another issuer");
    assert_eq!(text("jwks_uri"), Some(discovery.jwks_uri()));
    for (name, found) in [
        ("authorization_endpoint", discovery.authorization_endpoint()),
        ("token_endpoint", discovery.token_endpoint()),
        ("end_session_endpoint", discovery.end_session_endpoint()),
        ("userinfo_endpoint", discovery.userinfo_endpoint()),
    ] {
        // What nobody should be sent to counts as none; what counts is what is written, and moves to a host.
        let said = text(name);
        assert!(found.is_none_or(|found| said == Some(found) && found.starts_with("http")), "{name}: {said:?}");
        let plain = |url: &str| url.bytes().all(|byte| byte.is_ascii_lowercase() || b":/.".contains(&byte));
        let usable = said.and_then(|url| url.strip_prefix("https://idp.example/")).is_some_and(plain);
        assert!(!usable || found.is_some(), "{name}: {said:?} is left out");
    }
    let named = document.get("authorization_response_iss_parameter_supported").and_then(Value::as_bool);
    assert_eq!(named.unwrap_or_default(), discovery.names_issuer_in_response());
}
