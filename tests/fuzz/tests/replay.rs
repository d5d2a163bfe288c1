//! Every seed, and every input that once made a target fail, through the targets again.

use std::path::Path;

use daypass::identity::saml::{LogoutStatus, UnverifiedLogoutRequest, UnverifiedLogoutResponse};
use daypass_fuzz::idp::{self, REQUEST};
use daypass_fuzz::issuer::{self, Use};
use daypass_fuzz::judge::Judge;
use daypass_fuzz::targets;

#[test]
fn seeds_and_regressions_show_nothing() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, target) in targets::ALL {
        let mut replayed = 0;
        for folder in ["seeds", "regressions"] {
            let Ok(entries) = root.join(folder).join(name).read_dir() else { continue };
            for entry in entries {
                let path = entry.unwrap().path();
                let input = std::fs::read(&path).unwrap();
                let outcome = std::panic::catch_unwind(|| target(&input));
                assert!(outcome.is_ok(), "{}", path.display());
                replayed += 1;
            }
        }
        assert!(replayed > 0, "{name} has no seed");
        println!("{name}: {replayed} inputs");
    }
}

#[test]
fn the_harness_reaches_what_it_guards() {
    // Nothing is promised about messages that are all refused.
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds/signed");
    for name in ["assertion-0", "response-0", "both-0", "assertion-2", "both-4"] {
        let (verdict, _) = targets::signed::verdict(&std::fs::read(folder.join(name)).unwrap()).unwrap();
        assert!(verdict.is_ok(), "{name}: {}", verdict.unwrap_err().reason());
    }
    for (id, text) in targets::signed_metadata::honest() {
        let read = targets::signed_metadata::read(&[], &idp::sign_metadata(&text, id, &idp::TRUSTED));
        assert_eq!(read.unwrap().entity_id(), idp::IDP);
    }
    assert!(targets::context_assertion::verdict(&targets::context_assertion::HONEST).is_ok());
    let [request, response] = &*targets::redirect::HONEST;
    let request = Judge::Strict.logout_request(&[], || UnverifiedLogoutRequest::from_redirect(request));
    targets::logout::known(&request.unwrap());
    let response = Judge::Strict.logout_response(&[], || UnverifiedLogoutResponse::from_redirect(response, REQUEST));
    assert_eq!(response.unwrap(), LogoutStatus::Success);
}

#[test]
fn tokens_of_the_harness_are_accepted() {
    for (algorithm, token) in issuer::ALGORITHMS.into_iter().zip(&*targets::jws::HONEST) {
        for purpose in Use::ALL {
            let identity = purpose.verdict(token).unwrap_or_else(|error| panic!("{algorithm}: {}", error.reason()));
            assert_eq!(identity.subject(), "martha");
        }
    }
    let sealed = targets::jws::HONEST.last().unwrap();
    assert!(Use::SignIn.verdict(sealed).is_err(), "a shared secret is no public key");
}

#[test]
fn requests_of_the_harness_are_accepted() {
    for honest in &*targets::authorization::HONEST {
        let accepted = daypass_fuzz::signer::verdict(honest.service, honest.text.as_bytes());
        let accepted = accepted.unwrap_or_else(|error| panic!("{}: {}", honest.text, error.reason()));
        assert_eq!(accepted.body(), b"meow meow");
    }
}
