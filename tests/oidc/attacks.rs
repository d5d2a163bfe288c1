//! Known attacks on tokens by name; each test says which rule refuses.

use aws_lc_rs::hmac;
use daypass::explain::Silent;
use daypass::identity::oidc::{
    self, Jwks, JwsAlgorithm, JwsError, OidcError, OidcProvider, TimeClaim, UnverifiedIdToken,
};
use daypass::identity::replay;
use serde_json::json;

use crate::support::{
    CLIENT, ISSUER, Keys, NOW, b64, claims, claims_with, header, now, provider, refused, refused_claims,
    refused_header, sign_in, verify, verify_at,
};

fn keys() -> &'static Keys {
    Keys::of_issuer()
}

fn honest() -> String {
    keys().sign("ES256", &claims())
}

#[test]
fn the_honest_token_is_accepted() {
    for alg in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"] {
        let identity = verify(sign_in(keys().sign(alg, &claims()))).expect(alg);
        assert_eq!((identity.subject(), identity.issuer()), ("martha", ISSUER));
    }
}

#[test]
fn alg_none_in_any_case_is_refused() {
    // CVE-2022-23540.
    for alg in ["none", "None", "NONE", "nOnE", ""] {
        for signature in ["", "AAAA"] {
            let header = json!({"alg": alg, "kid": "ES256"}).to_string();
            let token = format!("{}.{}.{signature}", b64(header), b64(claims().to_string()));
            assert_eq!(refused(token), "algorithm", "{alg:?}");
        }
    }
}

#[test]
fn a_stripped_signature_is_refused() {
    let token = honest();
    let (signed, _) = token.rsplit_once('.').unwrap();
    assert_eq!(refused(format!("{signed}.")), "algorithm");
    assert_eq!(refused(signed), "token_form");
}

#[test]
fn the_public_key_is_no_hmac_secret() {
    // CVE-2017-11424.
    let jwks = keys().jwks_json().to_string();
    let der = aws_lc_rs::signature::KeyPair::public_key(&keys().rsa).as_ref();
    for secret in [jwks.as_bytes(), der] {
        let input = format!("{}.{}", b64(r#"{"alg":"HS256","kid":"RSA"}"#), b64(claims().to_string()));
        let code = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), input.as_bytes());
        assert_eq!(refused(format!("{input}.{}", b64(code))), "algorithm");
    }
}

#[test]
fn a_key_id_that_picks_a_key_of_another_kind_is_refused() {
    // CVE-2021-46743.
    let header = json!({"alg": "ES256", "kid": "RSA"}).to_string();
    assert_eq!(refused_header(&header), "algorithm");
}

#[test]
fn a_key_brought_by_the_token_is_refused() {
    // CVE-2018-0114.
    let attacker = Keys::generate();
    let jwk = attacker.jwks_json()["keys"][2].clone();
    for parameter in [
        json!({"jwk": jwk}),
        json!({"jku": "https://evil.example/keys"}),
        json!({"x5u": "https://evil.example/cert"}),
        json!({"x5c": ["MIIB"]}),
    ] {
        let mut header = header("ES256");
        header.as_object_mut().unwrap().extend(parameter.as_object().unwrap().clone());
        let token = attacker.sign_raw("ES256", &header.to_string(), claims().to_string());
        assert_eq!(refused(token), "header_parameters");
        assert_eq!(refused_header(&header.to_string()), "header_parameters", "signed by the issuer");
    }
}

#[test]
fn a_key_id_is_neither_path_nor_query_nor_log_line() {
    for key_id in ["../../etc/passwd", "' OR 1=1 --", "https://evil.example/k", "x\n2026-01-01 INFO signed in"] {
        let header = json!({"alg": "ES256", "kid": key_id}).to_string();
        let token = keys().sign_raw("ES256", &header, claims().to_string());
        let error = verify(sign_in(token)).unwrap_err();
        assert_eq!(error, OidcError::UnknownKey { key_id: key_id.to_owned() });
        assert!(!error.reason().contains('\n'));
    }
    let long = json!({"alg": "ES256", "kid": "x".repeat(257)}).to_string();
    assert_eq!(refused_header(&long), "header");
}

#[test]
fn zero_and_out_of_range_ecdsa_signatures_are_refused() {
    // CVE-2022-21449.
    let token = honest();
    let (signed, _) = token.rsplit_once('.').unwrap();
    for signature in [vec![0; 64], vec![0xff; 64], vec![0; 63], vec![0; 65]] {
        assert_eq!(refused(format!("{signed}.{}", b64(signature))), "signature");
    }
}

#[test]
fn nested_and_encrypted_tokens_are_refused() {
    // CVE-2023-51774; encrypted tokens (five parts) also carry the work factors of CVE-2023-52428.
    let nested = json!({"alg": "ES256", "kid": "ES256", "cty": "JWT"}).to_string();
    assert_eq!(refused(keys().sign_raw("ES256", &nested, honest())), "header_parameters");
    let encrypted = json!({"alg": "PBES2-HS256+A128KW", "enc": "A128GCM", "p2c": 2_000_000_000, "p2s": "AA"});
    let token = format!("{}.AA.AA.AA.AA", b64(encrypted.to_string()));
    assert_eq!(verify(sign_in(token.clone())).unwrap_err(), OidcError::Jws(JwsError::Encrypted));
    assert_eq!(refused(token), "token_form");
}

#[test]
fn extensions_that_change_what_was_signed_are_refused() {
    // CVE-2025-59420; RFC 7797; decompression bombs.
    for parameter in [r#""crit":["x"],"x":1"#, r#""crit":[]"#, r#""b64":false"#, r#""b64":true"#, r#""zip":"DEF""#] {
        let header = format!(r#"{{"alg":"ES256","kid":"ES256",{parameter}}}"#);
        assert_eq!(refused_header(&header), "header_parameters", "{parameter}");
    }
}

#[test]
fn a_name_given_twice_is_refused() {
    assert_eq!(refused_header(r#"{"alg":"ES256","alg":"none","kid":"ES256"}"#), "header");
    assert_eq!(refused_header(r#"{"alg":"ES256","kid":"ES256","\u006bid":"RSA"}"#), "header");
    let twice = claims().to_string().replace(r#""sub":"martha""#, r#""sub":"otto","sub":"martha""#);
    let token = keys().sign_raw("ES256", &header("ES256").to_string(), twice);
    assert_eq!(refused(token), "claims");
}

#[test]
fn a_claim_of_another_type_is_never_taken_for_an_absent_one() {
    // CVE-2020-26160, CVE-2026-25537.
    for changes in [
        json!({"iss": 5}),
        json!({"iss": ["https://evil.example", ISSUER]}),
        json!({"aud": 7}),
        json!({"aud": {"0": CLIENT}}),
        json!({"aud": []}),
        json!({"aud": [CLIENT, 5]}),
        json!({"sub": ["martha"]}),
        json!({"azp": [CLIENT]}),
        json!({"nonce": true}),
        json!({"exp": "1800000300"}),
    ] {
        assert_eq!(refused_claims(changes.clone()), "claims", "{changes}");
    }
}

#[test]
fn instants_beyond_exact_integers_are_refused() {
    for exp in ["1e300", "1180591620717411303424", "-1", "1800000300.5", "1.8e9"] {
        let text = claims().to_string().replace(&format!(r#""exp":{}"#, NOW + 300), &format!(r#""exp":{exp}"#));
        let token = keys().sign_raw("ES256", &header("ES256").to_string(), text);
        assert_eq!(refused(token), "claims", "{exp}");
    }
}

#[test]
fn floods_are_refused_before_they_are_read() {
    // CVE-2025-30204, CVE-2025-61920.
    assert_eq!(refused(".".repeat(1_000_000)), "token_form");
    assert_eq!(refused("a".repeat(1_000_000)), "token_form");
    assert_eq!(refused(".".repeat(10_000)), "token_form");
    assert_eq!(refused_claims(json!({"padding": "x".repeat(16 * 1024)})), "token_form");
    let deep = format!(r#"{{"alg":"ES256","x":{}{}}}"#, "[".repeat(1000), "]".repeat(1000));
    assert_eq!(refused_header(&deep), "header");
}

#[test]
fn lenient_base64url_is_refused() {
    let token = honest();
    let [header, payload, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    // The last character of a 64-byte signature has four spare bits: A, Q, g or w when they are zero.
    let (start, last) = signature.split_at(85);
    let spare = char::from(last.as_bytes()[0] + 1);
    for variant in [
        format!("{header}.{payload}.{signature}="),
        format!("{header}.{payload}.{signature}=="),
        format!("{header}.{payload}. {signature}"),
        format!("{header}.{payload}.{signature}\n"),
        format!(" {token}"),
        format!("{header}.{payload}.+{}", &signature[1..]),
        format!("{header}.{payload}.{start}{spare}"),
    ] {
        assert_eq!(refused(variant.clone()), "token_form", "{variant}");
    }
}

#[test]
fn a_token_of_another_use_is_refused() {
    for typ in ["at+jwt", "APPLICATION/AT+JWT", "logout+jwt", "dpop+jwt", "secevent+jwt", "daypass+jwt", ""] {
        let header = json!({"alg": "ES256", "kid": "ES256", "typ": typ}).to_string();
        assert_eq!(refused_header(&header), "type", "{typ}");
    }
    let events = json!({"events": {"http://schemas.openid.net/event/backchannel-logout": {}}});
    assert_eq!(refused_claims(events), "no_events");
    for typ in ["JWT", "jwt", "application/jwt", "Application/JWT"] {
        let header = json!({"alg": "ES256", "kid": "ES256", "typ": typ}).to_string();
        assert!(verify(sign_in(keys().sign_raw("ES256", &header, claims().to_string()))).is_ok(), "{typ}");
    }
}

#[test]
fn another_issuer_is_refused() {
    for iss in
        ["https://evil.example", "https://idp.example/tenant/", "https://idp.example", "http://idp.example/tenant", ""]
    {
        assert_eq!(refused_claims(json!({"iss": iss})), "issuer", "{iss}");
    }
    assert_eq!(refused_claims(json!({"iss": null})), "issuer");
}

#[test]
fn a_token_for_another_application_is_refused() {
    assert_eq!(refused_claims(json!({"aud": "client-2"})), "audience");
    assert_eq!(refused_claims(json!({"aud": "client-1 "})), "audience");
    assert_eq!(refused_claims(json!({"aud": null})), "audience");
    assert_eq!(refused_claims(json!({"aud": null, "azp": CLIENT})), "audience");
    assert_eq!(refused_claims(json!({"aud": [CLIENT, "client-2"], "azp": CLIENT})), "extra_audiences");
    assert_eq!(refused_claims(json!({"azp": "client-2"})), "authorized_party");
    assert_eq!(refused_claims(json!({"aud": [CLIENT, CLIENT]})), "authorized_party", "azp is needed");
}

#[test]
fn a_token_of_another_sign_in_is_refused() {
    // Code and token injection, CVE-2024-12369.
    assert_eq!(refused_claims(json!({"nonce": "another"})), "nonce");
    assert_eq!(refused_claims(json!({"nonce": null})), "nonce");
    let token = keys().sign("ES256", &claims_with(json!({"nonce": ""})));
    assert_eq!(verify(UnverifiedIdToken::for_sign_in(token, "")).unwrap_err().rule().name, "nonce");
}

#[test]
fn another_key_with_all_else_right_is_refused() {
    let attacker = Keys::generate();
    for alg in ["RS256", "PS256", "ES256", "ES512", "EdDSA"] {
        assert_eq!(refused(attacker.sign(alg, &claims())), "signature", "{alg}");
    }
}

#[test]
fn edited_claims_are_refused() {
    let token = honest();
    let [header, _, signature] = token.split('.').collect::<Vec<_>>().try_into().unwrap();
    let edited = b64(claims_with(json!({"sub": "admin"})).to_string());
    assert_eq!(refused(format!("{header}.{edited}.{signature}")), "signature");
    // The header is signed too.
    let other = b64(json!({"alg": "ES256", "kid": "ES256"}).to_string());
    let payload = token.split('.').nth(1).unwrap();
    assert_eq!(refused(format!("{other}.{payload}.{signature}")), "signature");
}

#[test]
fn a_token_without_a_key_id_needs_a_key_set_without_doubt() {
    let header = json!({"alg": "RS256"}).to_string();
    let token = || sign_in(keys().sign_raw("RS256", &header, claims().to_string()));
    assert!(verify(token()).is_ok(), "one key makes RS256");
    let mut two = keys().jwks_json();
    let (n, e) = Keys::generate().rsa_components();
    two["keys"].as_array_mut().unwrap().push(json!({"kty": "RSA", "kid": "second", "n": b64(n), "e": b64(e)}));
    let two = Jwks::parse(two.to_string().as_bytes()).unwrap();
    let refused = oidc::verify(&provider(), &two, token(), now(), &mut Silent).unwrap_err();
    assert_eq!(refused, OidcError::Jws(JwsError::AmbiguousKey { candidates: 2 }));
}

#[test]
fn an_algorithm_the_provider_does_not_list_is_refused() {
    let narrow = provider().with_algorithms([JwsAlgorithm::Rs256]).unwrap();
    let outcome = verify_at(&narrow, sign_in(honest()), now());
    assert_eq!(outcome.unwrap_err().rule().name, "algorithm");
}

#[test]
fn swapped_access_tokens_and_codes_are_refused() {
    // OpenID Connect Core, A.3 and A.4: the published values for RS256.
    let changes = json!({"at_hash": "77QmUPtjPfzWtF2AnpK9RQ", "c_hash": "LDktKdoQak3Pk0cnXxCltA"});
    let token = || sign_in(keys().sign("RS256", &claims_with(changes.clone())));
    let access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
    let code = "Qcb0Orv1zh30vL1MPRsbm-diHiMwcLyZvn1arpZv-Jxf_11jnpEX3Tgfvk";
    assert!(verify(token().with_access_token(access_token).with_code(code)).is_ok());
    let rule = |token| verify(token).unwrap_err().rule().name;
    assert_eq!(rule(token().with_access_token("another").with_code(code)), "at_hash");
    assert_eq!(rule(token().with_access_token(access_token).with_code("another")), "c_hash");
}

#[test]
fn a_signature_written_anew_does_not_make_a_token_new() {
    // ECDSA is malleable: whoever holds a token can write a second signature that verifies too, without the key. Replay
    // memory therefore knows a token by what is signed.
    let (one, again) = (honest(), honest());
    let other = keys().sign("ES256", &claims_with(json!({"jti": "another"})));
    let id = |token: &String| verify(sign_in(token.clone())).unwrap().assertion_id().to_owned();
    assert_ne!(one, again, "ECDSA signs differently each time");
    assert_eq!(id(&one), id(&again));
    assert_ne!(id(&one), id(&other));
}

#[test]
fn an_email_links_nobody() {
    // nOAuth: whoever may write an address into an account of their own is still somebody else.
    let with = |changes| verify(sign_in(keys().sign("ES256", &claims_with(changes)))).unwrap();
    let victim = with(json!({}));
    let attacker = with(json!({"sub": "mallory"}));
    assert_eq!(attacker.attribute("email"), victim.attribute("email"));
    assert_eq!((attacker.subject(), victim.subject()), ("mallory", "martha"));
    // Nor does one of the same name at another issuer.
    let elsewhere = OidcProvider::new("https://evil.example", [CLIENT]).unwrap();
    let token = sign_in(keys().sign("ES256", &claims_with(json!({"iss": "https://evil.example"}))));
    let stranger = verify_at(&elsewhere, token, now()).unwrap();
    assert_eq!((stranger.subject(), stranger.attribute("email")), (victim.subject(), victim.attribute("email")));
    assert_ne!((stranger.issuer(), stranger.provider()), (victim.issuer(), victim.provider()));
    let named = |identity: &daypass::VerifiedIdentity| identity.condition_keys()[0].0.clone();
    assert_ne!(named(&stranger), named(&victim), "no policy for one issuer speaks of the other");
    assert_ne!(replay::key(&stranger), replay::key(&victim));
    // A token without sub is about nobody, whatever its address says.
    assert_eq!(refused_claims(json!({"sub": null})), "subject");
}

#[test]
fn no_verification_serves_another_token() {
    // GHSA-rp9m-7r4c-75qg: a cache of verifications whose keys collide hands out another token's claims. There is none
    // here; and what replay memory knows a token by is a digest of everything that is signed.
    let honest = honest();
    assert!(verify(sign_in(honest.clone())).is_ok());
    let [header, payload, signature] = honest.split('.').collect::<Vec<_>>().try_into().unwrap();
    let edited = b64(claims_with(json!({"sub": "admin"})).to_string());
    for token in [format!("{header}.{edited}.{signature}"), format!("{header}.{payload}.{}", b64([7; 64]))] {
        assert_eq!(refused(token), "signature", "right after the token it was made from");
    }
    let id = |changes| verify(sign_in(keys().sign("EdDSA", &claims_with(changes)))).unwrap().assertion_id().to_owned();
    let ids = [json!({}), json!({"sub": "martha2"}), json!({"a": 1}), json!({"a": 2}), json!({"iat": NOW - 1})].map(id);
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len());
    assert!(ids.iter().all(|id| id.len() == 64), "a whole SHA-256");
}

#[test]
fn a_skew_for_one_claim_serves_no_other() {
    let narrow = provider().with_skew(std::time::Duration::ZERO).unwrap();
    let wide = narrow.with_claim_skew(TimeClaim::IssuedAt, std::time::Duration::from_secs(300)).unwrap();
    let with = |changes| verify_at(&wide, sign_in(keys().sign("ES256", &claims_with(changes))), now());
    assert!(with(json!({"iat": NOW + 200})).is_ok());
    for (changes, rule) in [
        (json!({"iat": NOW + 301, "exp": NOW + 400}), "issued_at"),
        (json!({"exp": NOW}), "expiration"),
        (json!({"nbf": NOW + 1}), "not_before"),
    ] {
        assert_eq!(with(changes).unwrap_err().rule().name, rule);
    }
}
