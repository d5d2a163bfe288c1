//! Named attacks, each with where it worked. The assertion that the identity provider signed says `martha`; every forgery
//! says `admin`. What is asserted is the rule that refuses, so that no attack is stopped by luck.

mod elsewhere;
mod keys;
mod namespaces;
mod references;
mod size;
mod text;
mod wrapping;

use std::time::Duration;

use super::signer::{Fields, Signing, TRUSTED};

/// How long a refusal may take. Without optimization this code is some ten times slower than what people run, and test
/// machines are busy.
const AT_ONCE: Duration = Duration::from_millis(if cfg!(debug_assertions) { 2_000 } else { 50 });

/// The signed assertion, the same without its signature, the signature, and a forgery with an ID of its own.
struct Stolen {
    signed: String,
    bare: String,
    signature: String,
    forged: String,
}

fn stolen() -> Stolen {
    let fields = Fields::default();
    let bare = fields.assertion();
    let signature = Signing::default().signature(&bare, "_assertion", &TRUSTED);
    let signed = Signing::default().sign(&bare, "_assertion", &TRUSTED);
    let forged = bare.replace("martha", "admin").replace("_assertion", "_forged");
    Stolen { signed, bare, signature, forged }
}

fn response(content: &str) -> String {
    Fields::default().response(content)
}

/// `element` with `inserted` after its first Issuer, where a signature belongs.
fn after_issuer(element: &str, inserted: &str) -> String {
    element.replacen("</saml:Issuer>", &format!("</saml:Issuer>{inserted}"), 1)
}
