//! The promise of the verifier: whatever is accepted is what was signed, word for word. The input chooses an honest signed
//! message and a list of edits by somebody who holds it. A finding: anything accepted that differs from the honest
//! messages in any value that is handed out.

use std::sync::LazyLock;

use daypass::VerifiedIdentity;

use crate::edits::{Choices, edit};
use crate::idp::{self, TRUSTED};
use crate::judge::Judge;

/// More edits than these make noise of a message.
const MOST_EDITS: usize = 12;

/// Edits an honest message as `data` says, and judges it.
pub fn target(data: &[u8]) {
    let mut choices = Choices::new(data);
    let judge = Judge::chosen_by(choices.byte());
    let mut text = choices.one_of(&HONEST);
    for _ in 0..MOST_EDITS {
        if choices.spent() {
            break;
        }
        edit(&mut text, &mut choices);
    }
    if let Ok(identity) = judge.verdict(text.as_bytes()) {
        known(&identity);
    }
}

/// Panics unless `identity` is, in everything it hands out, one that the harness signed.
pub fn known(identity: &VerifiedIdentity) {
    let found = format!("{identity:?}");
    assert!(IDENTITIES.contains(&found), "accepted, and never signed: {found}");
}

/// The assertion about Martha, signed.
pub fn honest_assertion() -> String {
    idp::sign(&martha(), "_assertion", &TRUSTED)
}

fn martha() -> String {
    idp::assertion("_assertion", "martha", ["Developers", "Photographers"])
}

fn sam() -> String {
    idp::assertion("_other", "sam", ["Developers", "Guests"])
}

/// Every way in which the identity provider signs the two people it knows.
pub static HONEST: LazyLock<Vec<String>> = LazyLock::new(|| {
    let signed_response = |content: &str| idp::sign(&idp::response(content), "_response", &TRUSTED);
    let sam = idp::sign(&sam(), "_other", &TRUSTED);
    vec![
        idp::response(&honest_assertion()),
        signed_response(&martha()),
        signed_response(&honest_assertion()),
        idp::response(&idp::encrypt("EncryptedAssertion", honest_assertion().as_bytes())),
        signed_response(&idp::encrypt("EncryptedAssertion", martha().as_bytes())),
        signed_response(&idp::encrypt("EncryptedAssertion", honest_assertion().as_bytes())),
        idp::response(&sam),
        // Not honest: two people in one response. Every way to make it acceptable must end with one of them.
        idp::response(&format!("{}{sam}", honest_assertion())),
    ]
});

static IDENTITIES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut known = Vec::new();
    for judge in Judge::ALL {
        for (index, honest) in HONEST.iter().enumerate() {
            match judge.verdict(honest.as_bytes()) {
                Ok(identity) => known.push(format!("{identity:?}")),
                Err(error) => {
                    let expected = index == 7
                        || matches!(judge, Judge::Unsolicited)
                        || (matches!(judge, Judge::Demanding) && error.rule().name == "signed");
                    assert!(expected, "honest message {index}, {judge:?}: {}", error.reason());
                }
            }
        }
    }
    known
});
