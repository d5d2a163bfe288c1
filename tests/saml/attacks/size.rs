//! Documents made to cost more than they should.

use std::time::{Duration, Instant};

use daypass::identity::saml::SamlProvider;

use super::super::signer::{self, ACS, Fields, Key, SP, STRANGER};
use super::super::{judge_with, rule};

#[test]
fn bombs_are_refused_while_they_are_read() {
    let message = Fields::default().signed_assertion();
    let deep = "<saml:a>".repeat(30) + &"</saml:a>".repeat(30);
    let attributes: String = (0..20_000).map(|n| format!(" a{n}=\"\"")).collect();
    let declarations: String = (0..10_000).map(|n| format!(" xmlns:a{n}=\"urn:a\"")).collect();
    for bomb in [
        message.replace("<saml:Subject>", &format!("<saml:Subject>{deep}")),
        message.replace("<saml:Subject>", &format!("<saml:Subject>{}", "<saml:a/>".repeat(20_000))),
        message.replace("<saml:Subject>", &format!("<saml:Subject{attributes}>")),
        message.replace("<saml:Subject>", &format!("<saml:Subject{declarations}>")),
    ] {
        if bomb.len() > 190_000 {
            // Larger than what base64 of 256 KiB holds: cut to what reaches the parser.
            let cut = bomb.get(..190_000).unwrap();
            let started = Instant::now();
            assert_eq!(rule(cut), "size");
            assert!(started.elapsed() < Duration::from_millis(250));
            continue;
        }
        let started = Instant::now();
        assert_eq!(rule(&bomb), "size");
        assert!(started.elapsed() < Duration::from_millis(250));
    }
}

#[test]
fn a_bomb_of_keys_costs_a_bounded_number_of_verifications() {
    let many: Vec<(&str, &Key)> = (0..20).map(|_| ("", &*STRANGER)).collect();
    let provider = SamlProvider::new(&signer::metadata(&many), SP, ACS).unwrap();
    let error = judge_with(&provider, &Fields::default().signed_assertion()).unwrap_err();
    assert!(error.reason().contains("8 keys tried"), "{}", error.reason());
}
