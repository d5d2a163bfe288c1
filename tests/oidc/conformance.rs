//! The tests that the OpenID Foundation's suite has for relying parties, by its names, as far as they concern the ID token
//! and its keys. What concerns userinfo, refresh, requests and logout is tested beside those.

use daypass::explain::Silent;
use daypass::identity::oidc::discovery::{Discovery, DiscoveryError};
use daypass::identity::oidc::keys::{KeyCache, KeyPlan};
use daypass::identity::oidc::{self, IssuerUrl, Jwks, JwsError, OidcError};
use serde_json::{Value, json};

use crate::support::{ISSUER, Keys, b64, claims, claims_with, now, provider, refused, refused_claims, sign_in, verify};

const CODE: &str = "SplxlOBeZQQYbYS6WxSbIA";
const ACCESS_TOKEN: &str = "SlAV32hkKG";

/// An honest set with a second RSA key in it, and a token that names none.
fn without_key_id(keys: &Value) -> Result<(), OidcError> {
    let header = json!({"alg": "RS256", "typ": "JWT"}).to_string();
    let token = sign_in(Keys::of_issuer().sign_raw("RS256", &header, claims().to_string()));
    let jwks = Jwks::parse(keys.to_string().as_bytes()).unwrap();
    oidc::verify(&provider(), &jwks, token, now(), &mut Silent).map(drop)
}

#[test]
fn id_token_sig_alg_none() {
    let header = b64(r#"{"alg":"none"}"#);
    assert_eq!(refused(format!("{header}.{}.", b64(claims().to_string()))), "algorithm");
}

#[test]
fn invalid_at_hash() {
    let token = Keys::of_issuer().sign("RS256", &claims_with(json!({"at_hash": "77QmUPtjPfzWtF2AnpK9RQ"})));
    let refused = verify(sign_in(token).with_access_token(ACCESS_TOKEN)).unwrap_err();
    assert_eq!(refused, OidcError::AccessTokenHash);
}

#[test]
fn invalid_c_hash() {
    let token = Keys::of_issuer().sign("RS256", &claims_with(json!({"c_hash": "LDktKdoQak3Pk0cnXxCltA"})));
    assert_eq!(verify(sign_in(token).with_code(CODE)).unwrap_err(), OidcError::CodeHash);
}

#[test]
fn missing_at_hash_and_c_hash() {
    // Both are optional where the token endpoint hands the ID token out (Core, 3.1.3.6).
    let token = sign_in(Keys::of_issuer().sign("RS256", &claims()));
    assert!(verify(token.with_access_token(ACCESS_TOKEN).with_code(CODE)).is_ok());
}

#[test]
fn invalid_aud() {
    assert_eq!(refused_claims(json!({"aud": "https://other.example"})), "audience");
}

#[test]
fn missing_aud() {
    assert_eq!(refused_claims(json!({"aud": null})), "audience");
}

#[test]
fn invalid_issuer() {
    assert_eq!(refused_claims(json!({"iss": format!("{ISSUER}1")})), "issuer");
}

#[test]
fn missing_iat() {
    assert_eq!(refused_claims(json!({"iat": null})), "issued_at");
}

#[test]
fn missing_sub() {
    assert_eq!(refused_claims(json!({"sub": null})), "subject");
}

#[test]
fn nonce() {
    assert!(verify(sign_in(Keys::of_issuer().sign("RS256", &claims()))).is_ok());
}

#[test]
fn nonce_invalid() {
    assert_eq!(refused_claims(json!({"nonce": "n-0S6_WzA2M"})), "nonce");
    assert_eq!(refused_claims(json!({"nonce": null})), "nonce");
}

#[test]
fn kid_absent_single_jwks() {
    let keys = Keys::of_issuer().jwks_json();
    assert_eq!(without_key_id(&json!({"keys": [keys["keys"][0]]})), Ok(()));
}

#[test]
fn kid_absent_multiple_jwks() {
    // Several keys, of which one could have signed.
    assert_eq!(without_key_id(&Keys::of_issuer().jwks_json()), Ok(()));
}

#[test]
fn kid_absent_multiple_matching_keys() {
    let (ours, theirs) = (Keys::of_issuer().jwks_json(), Keys::generate().jwks_json());
    let mut second = theirs["keys"][0].clone();
    second["kid"] = json!("second");
    let ambiguous = without_key_id(&json!({"keys": [ours["keys"][0], second]}));
    assert_eq!(ambiguous, Err(OidcError::Jws(JwsError::AmbiguousKey { candidates: 2 })));
}

#[test]
fn signing_key_rotation() {
    let next = Keys::generate();
    let token = || sign_in(next.sign("ES256", &claims()));
    // The new keys are published under the old ids: the old set refuses, the new one accepts.
    assert_eq!(verify(token()).unwrap_err().rule().name, "signature");
    assert!(oidc::verify(&provider(), &next.jwks(), token(), now(), &mut Silent).is_ok());
}

#[test]
fn signing_key_rotation_just_before_signing() {
    let mut cache = KeyCache::new();
    assert!(matches!(cache.plan(Some("RSA"), now()), KeyPlan::Fetch));
    cache.fetched(Keys::of_issuer().jwks(), None, now());
    // Keys a moment old lack the one that just signed: it is fetched at once.
    assert!(matches!(cache.plan(Some("rotated"), now()), KeyPlan::Fetch));
    let key = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "rotated",
        "x": Keys::of_issuer().jwks_json()["keys"][1]["x"]}]});
    cache.fetched(Jwks::parse(key.to_string().as_bytes()).unwrap(), None, now());
    let KeyPlan::Use(jwks) = cache.plan(Some("rotated"), now()) else { panic!("the key is there") };
    let header = json!({"alg": "EdDSA", "kid": "rotated"}).to_string();
    let token = sign_in(Keys::of_issuer().sign_raw("EdDSA", &header, claims().to_string()));
    assert!(oidc::verify(&provider(), &jwks, token, now(), &mut Silent).is_ok());
}

#[test]
fn discovery_issuer_mismatch() {
    let document = json!({"issuer": "https://idp.example/other", "jwks_uri": "https://idp.example/keys"}).to_string();
    let refused = Discovery::parse(document.as_bytes(), &IssuerUrl::parse(ISSUER).unwrap()).unwrap_err();
    assert!(matches!(refused, DiscoveryError::Issuer { .. }));
}

#[test]
fn signed_by_another_key_all_else_right() {
    // The suite has no such test; a relying party that passes it all may still verify nothing.
    assert_eq!(refused(Keys::generate().sign("RS256", &claims())), "signature");
}

#[test]
fn aggregated_claims() {
    // Claims of other sources are named in the token, and never taken for claims of this one.
    let aggregated = json!({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"JWT": "e30.e30."}},
        "groups": null});
    let identity = verify(sign_in(Keys::of_issuer().sign("RS256", &claims_with(aggregated)))).unwrap();
    assert!(identity.attribute("groups").is_empty());
}
