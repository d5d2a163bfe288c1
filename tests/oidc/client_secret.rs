//! ID tokens by HMAC with the client secret: only where a provider chose it, and then nothing else (OpenID Connect Core,
//! 10.1 and 3.1.3.7, 8).

use aws_lc_rs::hmac;
use daypass::explain::{Report, Silent};
use daypass::identity::oidc::{self, HmacAlgorithm, Jwks, JwsError, OidcError, OidcProvider, UnverifiedIdToken};
use serde_json::json;

use crate::support::{Keys, NONCE, b64, claims, now, provider, refused, sign_in, verify_at};

const SECRET: &str = "the-secret-of-client-1-is-long-enough-for-any-hash-of-them-and-then-some";

fn signed_with(secret: &[u8], alg: &str) -> String {
    let algorithm = match alg {
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    let header = json!({"alg": alg, "kid": "RSA", "typ": "JWT"}).to_string();
    let input = format!("{}.{}", b64(header), b64(claims().to_string()));
    let code = hmac::sign(&hmac::Key::new(algorithm, secret), input.as_bytes());
    format!("{input}.{}", b64(code))
}

fn chosen(algorithm: HmacAlgorithm) -> OidcProvider {
    provider().with_client_secret(algorithm, SECRET).unwrap()
}

/// The rule that refuses the token where HS256 was chosen.
fn refused_by(token: UnverifiedIdToken) -> &'static str {
    verify_at(&chosen(HmacAlgorithm::Hs256), token, now()).unwrap_err().rule().name
}

#[test]
fn the_chosen_algorithm_is_accepted_without_any_public_key() {
    for (algorithm, alg) in
        [(HmacAlgorithm::Hs256, "HS256"), (HmacAlgorithm::Hs384, "HS384"), (HmacAlgorithm::Hs512, "HS512")]
    {
        let token = sign_in(signed_with(SECRET.as_bytes(), alg));
        let mut report = Report::new();
        let verified = oidc::verify(&chosen(algorithm), &Jwks::default(), token, now(), &mut report);
        assert_eq!(verified.unwrap().subject(), "martha", "{alg}");
        let key = report.checks().iter().find(|check| check.name == "key").unwrap();
        assert_eq!(key.found, "the client secret");
        assert!(!format!("{report:?}").contains(SECRET));
    }
}

#[test]
fn no_algorithm_but_the_chosen_one_is_accepted() {
    for alg in ["HS384", "HS512"] {
        assert_eq!(refused_by(sign_in(signed_with(SECRET.as_bytes(), alg))), "algorithm", "{alg}");
    }
    for alg in ["RS256", "PS256", "ES256", "EdDSA"] {
        // Signed by a key that the issuer publishes, and all else right.
        assert_eq!(refused_by(sign_in(Keys::of_issuer().sign(alg, &claims()))), "algorithm", "{alg}");
    }
    for alg in ["none", "hs256", "HS1", ""] {
        assert_eq!(refused_by(sign_in(signed_with(SECRET.as_bytes(), alg))), "algorithm", "{alg}");
    }
}

#[test]
fn the_public_key_is_no_secret_in_either_mode() {
    // CVE-2017-11424.
    let jwks = Keys::of_issuer().jwks_json().to_string();
    let der = aws_lc_rs::signature::KeyPair::public_key(&Keys::of_issuer().rsa).as_ref();
    for secret in [jwks.as_bytes(), der, b""] {
        let token = signed_with(secret, "HS256");
        assert_eq!(refused_by(sign_in(token.clone())), "signature");
        assert_eq!(refused(token), "algorithm");
    }
}

#[test]
fn without_the_choice_the_client_secret_signs_nothing() {
    for alg in ["HS256", "HS384", "HS512"] {
        assert_eq!(refused(signed_with(SECRET.as_bytes(), alg)), "algorithm", "{alg}");
    }
    // Nor where the issuer publishes it.
    let published = json!({"keys": [{"kty": "oct", "alg": "HS256", "kid": "RSA", "k": b64(SECRET)}]}).to_string();
    let jwks = Jwks::parse(published.as_bytes()).unwrap();
    let token = sign_in(signed_with(SECRET.as_bytes(), "HS256"));
    let refused = oidc::verify(&provider(), &jwks, token, now(), &mut Silent).unwrap_err();
    assert_eq!(refused.rule().name, "algorithm");
}

#[test]
fn a_workloads_token_is_never_accepted_by_a_secret() {
    let exchanged = UnverifiedIdToken::for_exchange(signed_with(SECRET.as_bytes(), "HS256"));
    assert_eq!(refused_by(exchanged), "algorithm");
}

#[test]
fn edited_and_unsigned_tokens_are_refused() {
    let token = signed_with(SECRET.as_bytes(), "HS256");
    let (input, code) = token.rsplit_once('.').unwrap();
    let unsigned = verify_at(&chosen(HmacAlgorithm::Hs256), sign_in(format!("{input}.")), now()).unwrap_err();
    assert_eq!(unsigned, OidcError::Jws(JwsError::Unsigned));
    assert_eq!(refused_by(sign_in(format!("{input}.{}", &code[..code.len() - 3]))), "signature");
    let (header, _) = input.split_once('.').unwrap();
    let edited = claims().to_string().replace("martha", "admin");
    assert_eq!(refused_by(sign_in(format!("{header}.{}.{code}", b64(edited)))), "signature");
}

#[test]
fn the_other_rules_hold_as_for_every_token() {
    let token = || signed_with(SECRET.as_bytes(), "HS256");
    assert_eq!(refused_by(UnverifiedIdToken::for_sign_in(token(), "another")), "nonce");
    let other = OidcProvider::new("https://idp.example/tenant", ["client-2"]).unwrap();
    let other = other.with_client_secret(HmacAlgorithm::Hs256, SECRET).unwrap();
    let token = UnverifiedIdToken::for_sign_in(token(), NONCE);
    assert_eq!(verify_at(&other, token, now()).unwrap_err().rule().name, "audience");
}
