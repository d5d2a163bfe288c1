//! Writes the seeds that the harness can make itself: `cargo run --example seeds` in this folder.

use std::fs;
use std::path::Path;

use daypass_fuzz::targets::wrapping::{HONEST, honest_assertion};
use daypass_fuzz::targets::{authorization, context_assertion, discovery, id_token, jws, redirect, signed_metadata};
use daypass_fuzz::{idp, issuer};

fn main() {
    let metadata = idp::metadata();
    let aggregate = format!(
        r#"<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" validUntil="2027-01-01T00:00:00Z">{metadata}{}</md:EntitiesDescriptor>"#,
        metadata.replace(idp::IDP, "https://other.example").replace("_metadata", "_other")
    );
    write("metadata", "entity.xml", metadata.as_bytes());
    write("metadata", "aggregate.xml", aggregate.as_bytes());
    for (index, (_, text)) in signed_metadata::honest().iter().enumerate() {
        let mode = 2 * index as u8;
        write("signed_metadata", &format!("signed-{index}"), &[&[mode], text.as_bytes()].concat());
        write("signed_metadata", &format!("edited-{index}"), &[mode | 1, 8, 0, 0, 0, 0, 5, 0]);
        write("signed_metadata", &format!("untouched-{index}"), &[mode | 1]);
    }
    // What is encrypted to the harness is encrypted anew in every process: as bytes it is nobody's seed.
    for (index, name) in [(0, "assertion"), (1, "response"), (2, "both"), (7, "two")] {
        write("response", &format!("{name}.xml"), HONEST[index].as_bytes());
    }
    let martha = idp::assertion("_assertion", "martha", ["Developers", "Photographers"]);
    for (name, signed) in [("assertion", 0), ("response", 1), ("both", 2)] {
        for judge in 0..5 {
            let document = idp::response(&martha);
            write("signed", &format!("{name}-{judge}"), &[&[judge, signed, judge], document.as_bytes()].concat());
        }
    }
    let document = idp::response(&martha).replace("martha<", "<![CDATA[mar&t]]>ha<![CDATA[]]><");
    write("signed", "cdata", &[&[3, 0, 0], document.as_bytes()].concat());
    for (index, query) in redirect::HONEST.iter().enumerate() {
        write("redirect", &format!("query-{index}"), &[&[index as u8], query.as_bytes()].concat());
        write("redirect", &format!("edited-{index}"), &[4 | index as u8, 0, 60, 1, b'A']);
        let kind = ["LogoutRequest", "LogoutResponse"][index];
        let deflated = idp::deflated(idp::logout(kind).as_bytes());
        write("redirect", &format!("deflated-{index}"), &[&[6 | index as u8], deflated.as_slice()].concat());
    }
    for (mode, kind) in [(0, "LogoutRequest"), (1, "LogoutRequest"), (2, "LogoutResponse"), (24, "LogoutRequest")] {
        write("logout", &format!("{kind}-{mode}"), &[&[mode], idp::logout(kind).as_bytes()].concat());
    }
    write("logout", "edited", &[3, 5, 0, 2, 0, 8, 0]);
    write("gate", "message.xml", idp::response("").as_bytes());
    for (name, mode, plain) in [
        ("signed-inside", 0, honest_assertion()),
        ("signed-outside", 2, martha),
        ("signed-twice", 2, honest_assertion()),
        ("exchanged", 8, honest_assertion()),
    ] {
        write("encrypted", name, &[&[mode], plain.as_bytes()].concat());
    }
    let structure = idp::encrypt("EncryptedAssertion", b"").replace(idp::transported_key(), "{{key}}");
    write("encrypted", "structure", &[b"\x01", structure.replace(&idp::sealed(b""), "{{data}}").as_bytes()].concat());
    openid();
    signed_requests();
    contexts();
}

/// Seeds of the target of context assertions.
fn contexts() {
    write("context_assertion", "honest", &[b"\0", context_assertion::HONEST.as_bytes()].concat());
    write("context_assertion", "other-token", &[b"\0", jws::HONEST[0].as_bytes()].concat());
    for edit in 0..8 {
        write("context_assertion", &format!("edited-{edit}"), &[1, edit, edit, edit, 1, 1, 7]);
    }
    let claims = context_assertion::CLAIMS;
    write("context_assertion", "claims", &[b"\x02", claims.as_bytes()].concat());
    let more = claims.replacen('{', r#"{"application_arn":"a","instance_arn":null,"#, 1);
    write("context_assertion", "more-claims", &[b"\x02", more.as_bytes()].concat());
    let later = claims.replace("1800000300", "1800000301");
    write("context_assertion", "longer", &[b"\x02", later.as_bytes()].concat());
}

/// Seeds of the target of signed requests.
fn signed_requests() {
    for (index, honest) in authorization::HONEST.iter().enumerate() {
        write("authorization", &format!("message-{index}"), &[b"\0", honest.text.as_bytes()].concat());
        for edit in 0..6 {
            write(
                "authorization",
                &format!("edited-{index}-{edit}"),
                &[index as u8 + 1, 0, 40 * edit, 9, edit, 1, 2, 3],
            );
        }
        write("authorization", &format!("untouched-{index}"), &[index as u8 + 1]);
    }
    for (mode, index, name) in [
        (authorization::SIGNED_CHUNKS, 5, "signed"),
        (authorization::UNSIGNED_CHUNKS, 6, "unsigned"),
        (authorization::ECDSA_CHUNKS, 11, "ecdsa"),
    ] {
        let (_, body) = authorization::HONEST[index].text.split_once("\n\n").unwrap();
        write("authorization", &format!("{name}-chunks"), &[&[mode], body.as_bytes()].concat());
    }
    write(
        "authorization",
        "unsigned-chunks-other",
        b"\xff9\r\nanother b\r\n0\r\nx-amz-checksum-crc32:BBBBBB==\r\n\r\n",
    );
}

/// Seeds of the targets of OpenID Connect.
fn openid() {
    for (index, token) in jws::HONEST.iter().enumerate() {
        let algorithm = issuer::ALGORITHMS.get(index).unwrap_or(&"HS256");
        write("jws", algorithm, &[b"\0", token.as_bytes()].concat());
        for edit in 0..8 {
            write("jws", &format!("{algorithm}-edited-{edit}"), &[index as u8 + 1, edit, edit, edit, 1, 1, 7]);
        }
    }
    write("jwk", "set.json", issuer::key_set().as_bytes());
    let one = issuer::key_set().replace("\"alg\":\"EdDSA\",", "").replace("\"use\":\"sig\",", "\"x5c\":[],");
    write("jwk", "plain.json", one.as_bytes());
    write(
        "jwk",
        "twice.json",
        issuer::key_set().replace("\"ES256\"", "\"RSA\"").replace("\"ES384\"", "\"RSA\"").as_bytes(),
    );
    let weak = issuer::encode([0; 32]);
    let weak = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"EdDSA","x":"{weak}"}}]}}"#);
    write("jwk", "small-order.json", weak.as_bytes());
    write("jwk", "unknown.json", br#"{"keys":[{"kty":"oct","k":"AAAA"},{"kty":"AKP","alg":"ML-DSA-44"},{"kty":"RSA","n":"AQAB","e":"AQAB","use":"enc"}]}"#);
    for typ in 0..8 {
        write("id_token", &format!("type-{typ}"), &[&[typ], issuer::CLAIMS.as_bytes()].concat());
    }
    let machine = issuer::CLAIMS
        .replace(r#""aud":"client-1""#, r#""aud":["client-1","api-1"],"azp":"client-1""#)
        .replace("martha", "spiffe://example/a")
        .replace("\"nonce\"", "\"jti\":\"1\",\"client_id\":\"client-1\",\"nbf\":1800000000,\"nonce\"");
    write("id_token", "workload", &[b"\x02", machine.as_bytes()].concat());
    let tagged = issuer::CLAIMS.replace(
        "\"email\"",
        r#""https://aws.amazon.com/tags":{"principal_tags":{"team":["a"]},"transitive_tag_keys":["team"]},"realm_access":{"roles":["x",1,true,null,{}]},"email""#,
    );
    write("id_token", "tagged", &[b"\0", tagged.as_bytes()].concat());
    let own =
        [&[id_token::OWN_HEADER], id_token::header("JWT").as_bytes(), b"\xff", issuer::CLAIMS.as_bytes()].concat();
    write("id_token", "own-header", &own);
    let logout = r#"{"iss":"https://idp.example/tenant","aud":"client-1","iat":1800000000,"exp":1800000120,"jti":"1","sub":"martha","sid":"s","events":{"http://schemas.openid.net/event/backchannel-logout":{}}}"#;
    for (typ, claims) in [
        (4, logout.to_owned()),
        (0, logout.replace("\"sid\":\"s\",", "")),
        (1, logout.replace("\"sub\":\"martha\",", "")),
    ] {
        write("logout_token", &format!("type-{typ}"), &[&[typ], claims.as_bytes()].concat());
    }
    let told = r#"{"sub":"martha","email":"evil@example.com","phone":"1","groups":["Everything"],"address":{"street":"x"},"https://aws.amazon.com/tags":{"principal_tags":{"team":["a"]}}}"#;
    write("userinfo", "plain", &[b"\0", told.as_bytes()].concat());
    let signed = told.replacen('{', r#"{"iss":"https://idp.example/tenant","aud":"client-1","#, 1);
    write("userinfo", "signed", &[b"\x01", signed.as_bytes()].concat());
    for (index, name) in discovery::ISSUERS.iter().enumerate() {
        let document = format!(
            r#"{{"issuer":"{name}","jwks_uri":"{name}/jwks","authorization_endpoint":"{name}/a","token_endpoint":"{name}/t","end_session_endpoint":"{name}/e","token_endpoint_auth_methods_supported":["client_secret_post","private_key_jwt"],"authorization_response_iss_parameter_supported":true}}"#
        );
        write("discovery", &format!("issuer-{index}"), &[&[index as u8], document.as_bytes()].concat());
    }
}

fn write(target: &str, name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), bytes).unwrap();
}
