use super::*;
use crate::keys::{Family, SigningKey};

fn signed(key: &SigningKey, header: &Value, payload: &str) -> String {
    let message = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(payload));
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()).unwrap()))
}

fn jwk(key: &SigningKey) -> Map<String, Value> {
    key.public_jwk().as_object().unwrap().clone()
}

#[test]
fn the_key_chooses_the_algorithm() {
    for (family, algorithm) in [(Family::Rsa, "RS256"), (Family::P256, "ES256"), (Family::Ed25519, "EdDSA")] {
        let key = SigningKey::generate(family).unwrap();
        let known = PublicKey::from_jwk(&jwk(&key)).unwrap();
        assert_eq!(known.thumbprint(), key.id(), "RFC 7638, computed twice");
        let token = signed(&key, &json!({ "alg": algorithm }), r#"{"sub":"a"}"#);
        let jws = UnverifiedJws::parse(&token).unwrap();
        assert_eq!(jws.verify(&known).unwrap().text("sub"), Some("a"));
        for other in ["none", "HS256", "RS512", "ES384", "es256"] {
            let token = signed(&key, &json!({ "alg": other }), "{}");
            assert!(UnverifiedJws::parse(&token).unwrap().verify(&known).is_none(), "{family:?} {other}");
        }
        let stranger = PublicKey::from_jwk(&jwk(&SigningKey::generate(family).unwrap())).unwrap();
        assert!(jws.verify(&stranger).is_none());
    }
}

#[test]
fn a_key_for_one_algorithm_is_used_for_no_other() {
    let key = SigningKey::generate(Family::Rsa).unwrap();
    let token = signed(&key, &json!({ "alg": "RS256" }), "{}");
    let mut only = jwk(&key);
    only.insert("alg".to_owned(), json!("PS256"));
    assert!(UnverifiedJws::parse(&token).unwrap().verify(&PublicKey::from_jwk(&only).unwrap()).is_none());
}

#[test]
fn the_key_the_header_names_is_the_one_that_is_tried() {
    let key = SigningKey::generate(Family::P256).unwrap();
    let known = [PublicKey::from_jwk(&jwk(&key)).unwrap()];
    let with_kid = |kid: Value| {
        let token = signed(&key, &json!({ "alg": "ES256", "kid": kid }), "{}");
        UnverifiedJws::parse(&token).unwrap().verify_by_any(&known).is_some()
    };
    assert!(with_kid(json!(key.id())));
    assert!(!with_kid(json!("another")) && !with_kid(json!(7)));
}

#[test]
fn attack_what_two_readers_could_read_differently_is_not_read() {
    let key = SigningKey::generate(Family::P256).unwrap();
    let good = signed(&key, &json!({ "alg": "ES256" }), "{}");
    assert!(UnverifiedJws::parse(&good).is_some());
    let critical = signed(&key, &json!({ "alg": "ES256", "crit": ["exp"], "exp": 1 }), "{}");
    let twice = signed(&key, &json!({ "alg": "ES256" }), r#"{"sub":"a","sub":"b"}"#);
    let (message, _) = good.rsplit_once('.').unwrap();
    let large = signed(&key, &json!({ "alg": "ES256" }), &json!({ "x": "y".repeat(9_000) }).to_string());
    for bad in [
        "",
        "..",
        "a.b.c",
        &critical,
        &twice,
        &large,
        &format!("{message}."),
        &format!("{good}="),
        &format!("{good}.x"),
        &signed(&key, &json!([]), "{}"),
    ] {
        assert!(UnverifiedJws::parse(bad).is_none(), "{bad:.80}");
    }
}

#[test]
fn keys_that_are_private_small_or_of_another_kind_are_not_taken() {
    let good = jwk(&SigningKey::generate(Family::P256).unwrap());
    assert!(PublicKey::from_jwk(&good).is_some());
    for (name, value) in [
        ("d", json!("AA")),
        ("k", json!("AA")),
        ("use", json!("enc")),
        ("crv", json!("secp256k1")),
        ("x", json!("AA")),
        ("kty", json!("oct")),
    ] {
        let mut bad = good.clone();
        bad.insert(name.to_owned(), value);
        assert!(PublicKey::from_jwk(&bad).is_none(), "{name}");
    }
    let mut rsa = jwk(&SigningKey::generate(Family::Rsa).unwrap());
    assert!(PublicKey::from_jwk(&rsa).is_some());
    rsa.insert("n".to_owned(), json!(URL_SAFE_NO_PAD.encode([0xff; 128])));
    assert!(PublicKey::from_jwk(&rsa).is_none(), "1024 bits");
}

#[test]
fn a_set_passes_over_what_is_of_no_use_but_must_hold_something() {
    let good = SigningKey::generate(Family::Ed25519).unwrap().public_jwk();
    let set = |keys: Value| PublicKey::set(&json!({ "keys": keys }).to_string()).map(|keys| keys.len());
    assert_eq!(set(json!([good, { "kty": "AKP" }, 5])), Some(1));
    assert_eq!(set(json!([{ "kty": "AKP" }])), None);
    assert_eq!(set(json!([])), None);
    assert_eq!(set(Value::from(vec![good; 21])), None);
    assert_eq!(PublicKey::set("not JSON").map(|keys| keys.len()), None);
}

#[test]
fn a_pem_is_the_same_key_as_its_jwk() {
    for (family, algorithm) in [
        (Family::Rsa, &rcgen::PKCS_RSA_SHA256),
        (Family::P256, &rcgen::PKCS_ECDSA_P256_SHA256),
        (Family::Ed25519, &rcgen::PKCS_ED25519),
    ] {
        let pair = rcgen::KeyPair::generate_for(algorithm).unwrap();
        let key = SigningKey::from_pkcs8(family, &pair.serialize_der(), None).unwrap();
        assert_eq!(PublicKey::from_pem(&pair.public_key_pem()).unwrap().thumbprint(), key.id());
    }
    assert!(PublicKey::from_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----").is_none());
}
