//! Encrypted assertions. The first byte says what the rest is: the plaintext of an assertion, inside a signed response or
//! an unsigned one, or the EncryptedAssertion itself, where `{{key}}` and `{{data}}` stand for what decrypts. A finding:
//! decryption taken for a signature.

use super::wrapping;
use crate::idp::{self, TRUSTED};
use crate::judge::Judge;

/// Encrypts what `data` says to the service and judges the response around it.
pub fn target(data: &[u8]) {
    let [mode, rest @ ..] = data else { return };
    let judge = Judge::chosen_by(mode >> 2);
    // Nothing signs this plaintext but what the seeds hold: whatever is accepted must be what they say.
    let unsigned = idp::response(&match mode & 1 {
        0 => idp::encrypt("EncryptedAssertion", rest),
        _ => filled(rest),
    });
    if let Ok(identity) = judge.verdict(unsigned.as_bytes()) {
        wrapping::known(&identity);
    }
    if mode & 2 != 0 {
        let plaintext = idp::encrypt("EncryptedAssertion", rest);
        let signed = idp::sign(&idp::response(&plaintext), "_response", &TRUSTED);
        if let Ok(identity) = judge.verdict(signed.as_bytes()) {
            crate::second_reader::confirm(&identity, &idp::around(&String::from_utf8_lossy(rest)));
        }
    }
}

fn filled(rest: &[u8]) -> String {
    let signed = wrapping::honest_assertion();
    let text = String::from_utf8_lossy(rest);
    let text = text.replace("{{key}}", idp::transported_key());
    text.replace("{{data}}", &idp::sealed(signed.as_bytes()))
}
