//! A token as it comes. The first byte says what the rest is: the token itself, or edits of an honest one by somebody who
//! holds it. A finding: header and payload accepted that the issuer of the harness did not sign; a token taken apart that
//! is another spelling of itself, or whose header another parser does not read so.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use daypass::identity::oidc::{CompactJws, HmacAlgorithm, SecretJwk};
use serde_json::Value;

use crate::edits::Choices;
use crate::issuer::{ALGORITHMS, CLAIMS, KEYS, SECRET, Use, encode, header, sign};
use crate::judge::in_time;

/// Each may double what there is.
const MOST_EDITS: usize = 8;
/// Parameters that no header of an accepted token has.
const REFUSED: [&str; 8] = ["crit", "b64", "zip", "cty", "jwk", "jku", "x5c", "x5u"];

/// One honest token of each key, and one of the shared secret.
pub static HONEST: LazyLock<Vec<String>> = LazyLock::new(|| {
    let algorithms = ALGORITHMS.into_iter().chain(["HS256"]);
    algorithms.map(|algorithm| sign(algorithm, header(algorithm), CLAIMS)).collect()
});
/// What was signed, without the signatures: of an ECDSA signature there is a twin that is as good.
static SIGNED: LazyLock<BTreeSet<&str>> =
    LazyLock::new(|| HONEST.iter().filter_map(|token| Some(token.rsplit_once('.')?.0)).collect());
static SHARED: LazyLock<SecretJwk> = LazyLock::new(|| SecretJwk::new(HmacAlgorithm::Hs256, SECRET).unwrap());

/// Judges the token in `data`.
pub fn target(data: &[u8]) {
    let [mode, rest @ ..] = data else { return };
    let token = match usize::from(*mode).checked_sub(1) {
        None => String::from_utf8_lossy(rest).into_owned(),
        Some(chosen) => edited(&HONEST[chosen % HONEST.len()], rest),
    };
    for purpose in Use::ALL {
        if purpose.verdict(&token).is_ok() {
            known(token.trim_end_matches(['\r', '\n']));
        }
    }
    let Ok(jws) = in_time(data, || CompactJws::parse(&token)) else { return };
    read_alike(&token, &jws);
    if let Ok(signed) = in_time(data, || KEYS.verify(&jws)) {
        assert_eq!(signed.payload(), CLAIMS.as_bytes());
        known(&token);
    }
    if let Ok(signed) = jws.verify_secret(&SHARED) {
        assert_eq!(signed.payload(), CLAIMS.as_bytes());
        known(&token);
    }
}

fn known(token: &str) {
    let (signed, _) = token.rsplit_once('.').expect("a signature");
    assert!(SIGNED.contains(signed), "nobody signed {token}");
}

/// What was taken apart is the only spelling of its bytes, and another parser reads the same header.
fn read_alike(token: &str, jws: &CompactJws<'_>) {
    let parts: Vec<&str> = token.split('.').collect();
    assert_eq!(parts.len(), 3, "{token}");
    let decoded: Vec<Vec<u8>> = parts.iter().map(|part| decode(part)).collect();
    for (part, bytes) in parts.iter().zip(&decoded) {
        assert_eq!(encode(bytes), **part, "another spelling");
    }
    let header = match serde_json::from_slice::<Value>(&decoded[0]) {
        Ok(header) => header,
        // The other parser makes numbers of numbers.
        Err(error) if error.to_string().contains("number out of range") => return,
        Err(error) => panic!("a header that is no JSON: {error}"),
    };
    assert!(header["alg"].is_string() && header.is_object(), "{header}");
    assert_eq!(header.get("kid").map(|kid| kid.as_str().expect("text")), jws.key_id());
    assert!(header.get("typ").is_none_or(Value::is_string), "{header}");
    assert!(REFUSED.iter().all(|name| header.get(name).is_none()), "{header}");
}

/// The bytes of base64url, read leniently and by hand: what does not belong there is passed over, and spare bits dropped.
fn decode(part: &str) -> Vec<u8> {
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for byte in part.bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => continue,
        };
        bits = bits << 6 & 0xffff | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

const HEADERS: [&str; 16] = [
    r#"{"alg":"none"}"#,
    r#"{"alg":"None","kid":"EdDSA"}"#,
    r#"{"alg":"HS256"}"#,
    r#"{"alg":"HS256","kid":"RSA"}"#,
    r#"{"alg":"RS256","kid":"RSA"}"#,
    r#"{"alg":"PS256","kid":"RSA"}"#,
    r#"{"alg":"ES256"}"#,
    r#"{"alg":"EdDSA","kid":"EdDSA"}"#,
    r#"{"alg":"Ed25519","kid":"EdDSA"}"#,
    r#"{"alg":"EdDSA","alg":"none","kid":"EdDSA"}"#,
    r#"{"alg":"EdDSA","kid":"ES256"}"#,
    r#"{"alg":"EdDSA","kid":"EdDSA","crit":["b64"],"b64":false}"#,
    r#"{"alg":"EdDSA","kid":"EdDSA","jwk":{"kty":"OKP"}}"#,
    r#"{"alg":"EdDSA","kid":["EdDSA"]}"#,
    r#"{"alg":"EdDSA","kid":"../EdDSA"}"#,
    "{}",
];
const SNIPPETS: [&str; 16] =
    ["=", "==", ".", "..", " ", "\n", "\r\n", "\0", "A", "-", "_", "+", "/", "\u{feff}", "\u{200b}", "e30"];

/// `token` after the edits that `bytes` choose.
pub fn edited(token: &str, bytes: &[u8]) -> String {
    let (mut token, mut choices) = (token.to_owned(), Choices::new(bytes));
    for _ in 0..MOST_EDITS {
        if !choices.spent() {
            edit(&mut token, &mut choices);
        }
    }
    token
}

fn edit(token: &mut String, choices: &mut Choices<'_>) {
    let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
    let part = usize::from(choices.byte()) % parts.len();
    match choices.byte() % 8 {
        // A header of a stranger's.
        0 => parts[0] = encode(choices.one_of(&HEADERS)),
        // A part of another honest token.
        1 => {
            let other = choices.one_of(&HONEST);
            parts[part] = other.split('.').nth(part % 3).unwrap_or_default().to_owned();
        }
        2 => parts[part].clear(),
        3 => drop(parts.remove(part)),
        4 => parts.insert(part, parts[part].clone()),
        5 => {
            let at = parts[part].floor_char_boundary(choices.index(parts[part].len() + 1));
            parts[part].insert_str(at, choices.one_of(&SNIPPETS));
        }
        // A bit of what the part says.
        6 => {
            let mut decoded = decode(&parts[part]);
            if !decoded.is_empty() {
                let at = choices.index(decoded.len());
                decoded[at] ^= choices.byte() | 1;
            }
            parts[part] = encode(decoded);
        }
        // Others for a few bytes of what the part says.
        _ => {
            let mut decoded = decode(&parts[part]);
            let start = choices.index(decoded.len() + 1);
            let end = (start + usize::from(choices.byte() % 24)).min(decoded.len());
            decoded.splice(start..end, choices.short().iter().copied());
            parts[part] = encode(decoded);
        }
    }
    *token = parts.join(".");
}
