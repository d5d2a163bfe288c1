//! Writes the seeds that the harness can make itself: `cargo run --example seeds` in this folder.

use std::fs;
use std::path::Path;

use daypass_fuzz::idp;
use daypass_fuzz::targets::wrapping::{HONEST, honest_assertion};
use daypass_fuzz::targets::{redirect, signed_metadata};

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
}

fn write(target: &str, name: &str, bytes: &[u8]) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), bytes).unwrap();
}
