use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::*;

const ED: &str = r#""kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;
const OTHER_ED: &str = r#""kty":"OKP","crv":"Ed25519","x":"21qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo""#;
const EC: &str = r#""kty":"EC","crv":"P-256","x":"04N0xi21hshyvBp7I167sbE_bXqyqkAPfefdklMO7wY","y":"UI8exy-C06a7DUnjIdENkxeFtHM4-l_41LqEw9nVgmw""#;

fn set(keys: &[String]) -> Jwks {
    Jwks::parse(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes()).unwrap()
}

fn skipped(key: &str) -> UnusableKey {
    let set = set(&[format!("{{{key}}}"), format!("{{{ED}}}")]);
    assert_eq!(set.keys().len(), 1, "the usable key stays");
    set.skipped()[0].reason.clone()
}

#[test]
fn keys_that_cannot_be_used_are_skipped_with_their_reason() {
    for (key, expected) in [
        (r#""kty":"AKP","alg":"ML-DSA-44","pub":"AA""#.to_owned(), "kind"),
        (r#""kty":"OKP","crv":"Ed448","x":"AA""#.to_owned(), "kind"),
        (r#""kty":"EC","crv":"secp256k1","x":"AA","y":"AA""#.to_owned(), "kind"),
        (r#""kty":"oct","k":"AAAA""#.to_owned(), "kind"),
        (r#""kid":"a""#.to_owned(), "member"),
        (format!(r#"{EC},"kid":5"#), "member"),
        (format!(r#"{EC},"key_ops":"verify""#), "member"),
        (format!(r#"{EC},"use":"enc""#), "use"),
        (format!(r#"{EC},"key_ops":["encrypt"]"#), "use"),
        (format!(r#"{EC},"alg":"ES384""#), "algorithm"),
        (format!(r#"{EC},"alg":"HS256""#), "algorithm"),
        (r#""kty":"RSA","n":"AQAB","e":"AQAB""#.to_owned(), "key"),
        (r#""kty":"OKP","crv":"Ed25519","x":"AAAA""#.to_owned(), "key"),
    ] {
        let found = match skipped(&key) {
            UnusableKey::Kind { .. } => "kind",
            UnusableKey::Member { .. } => "member",
            UnusableKey::NotForVerifying => "use",
            UnusableKey::Algorithm { .. } => "algorithm",
            UnusableKey::Key(_) => "key",
            UnusableKey::Factorable => "factorable",
            UnusableKey::SmallOrder => "small order",
            UnusableKey::DuplicateKeyId => "duplicate",
        };
        assert_eq!(found, expected, "{key}");
    }
}

/// Under such a key every message has signatures that nobody needed a secret for.
#[test]
fn points_of_small_order_are_no_keys() {
    for point in [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    ] {
        let pairs = point.as_bytes().chunks(2);
        let bytes: Vec<u8> =
            pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect();
        let key = format!(r#""kty":"OKP","crv":"Ed25519","x":"{}""#, URL_SAFE_NO_PAD.encode(bytes));
        assert_eq!(skipped(&key), UnusableKey::SmallOrder, "{point}");
    }
}

#[test]
fn two_keys_with_one_id_and_algorithm_are_both_left_out() {
    let keys = set(&[format!(r#"{{{ED},"kid":"a"}}"#), format!(r#"{{{OTHER_ED},"kid":"a","alg":"EdDSA"}}"#)]);
    assert!(keys.keys().is_empty());
    assert!(keys.skipped().iter().all(|key| key.reason == UnusableKey::DuplicateKeyId));
    let told_apart = set(&[format!(r#"{{{ED},"kid":"a"}}"#), format!(r#"{{{EC},"kid":"a"}}"#)]);
    assert_eq!(told_apart.keys().len(), 2, "the algorithm tells these two apart");
    let twice = set(&[format!(r#"{{{ED},"kid":"a"}}"#), format!(r#"{{{ED},"kid":"a"}}"#)]);
    assert_eq!(twice.keys().len(), 1, "the same key listed twice is one key");
}

#[test]
fn documents_past_the_limits_are_refused_whole() {
    let many = vec![format!("{{{ED}}}"); MAX_KEYS + 1].join(",");
    let refused = Jwks::parse(format!(r#"{{"keys":[{many}]}}"#).as_bytes());
    assert_eq!(refused.unwrap_err(), JwksError::TooManyKeys { found: MAX_KEYS + 1 });
    let long = format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(MAX_JWKS_LENGTH));
    assert!(matches!(Jwks::parse(long.as_bytes()), Err(JwksError::Json(JsonError::TooLong { .. }))));
    for shape in ["[]", "{}", r#"{"keys":{}}"#] {
        assert_eq!(Jwks::parse(shape.as_bytes()).unwrap_err(), JwksError::Shape);
    }
}
