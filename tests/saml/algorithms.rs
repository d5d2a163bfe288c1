//! Which algorithms verify, which by a relaxation's name alone, and which never.
//!
//! What signs here is this crate's own test signer; `fixtures` has the same by other people's programs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use daypass::identity::saml::danger::{self, Relaxations};
use daypass::identity::saml::{MetadataError, SamlError, SamlProvider};

use super::signer::{self, ACS, Fields, Key, SP, STRANGER, Signing, TRUSTED};
use super::{judge_with, provider};

/// Everything that can be relaxed, at once.
fn everything() -> Relaxations {
    Relaxations::none()
        .allow_sha1()
        .allow_small_rsa()
        .allow_cbc()
        .allow_cbc_in_unsigned_responses()
        .allow_aes_192()
        .allow_extensions()
        .allow_cdata()
}

fn relaxed(metadata: &str, relaxations: Relaxations) -> Result<SamlProvider, SamlError> {
    danger::provider(metadata, SP, ACS, relaxations)
}

#[test]
fn everything_that_can_be_relaxed_is_in_these_tests() {
    let names: Vec<_> = everything().names().collect();
    let known = ["sha1", "small_rsa", "cbc", "cbc_in_unsigned_responses", "aes_192", "extensions", "cdata"];
    assert_eq!(names, known);
    assert_eq!(Relaxations::none().names().count(), 0);
}

#[test]
fn each_rsa_method_verifies_and_none_stands_for_another() {
    let methods = [
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
        "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
        "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1",
        "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1",
    ];
    let fields = Fields::default();
    for made in methods {
        let signed = Signing::method(made).sign(&fields.assertion(), "_assertion", &TRUSTED);
        assert!(judge_with(&provider(), &fields.response(&signed)).is_ok(), "{made}");
        for said in methods.into_iter().filter(|said| *said != made) {
            let other = fields.response(&signed.replace(made, said));
            assert_eq!(judge_with(&provider(), &other).unwrap_err().rule().name, "signature", "{made} {said}");
        }
    }
}

#[test]
fn a_provider_may_be_held_to_some_methods() {
    let rsa_sha512 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512";
    let held = provider().with_signature_methods([rsa_sha512]).unwrap();
    let fields = Fields::default();
    let stronger = Signing::method(rsa_sha512).sign(&fields.assertion(), "_assertion", &TRUSTED);
    assert!(judge_with(&held, &fields.response(&stronger)).is_ok());
    let error = judge_with(&held, &fields.signed_assertion()).unwrap_err();
    assert!(matches!(error, SamlError::AlgorithmNotAllowed { .. }), "{error:?}");
    assert_eq!(error.rule().name, "algorithm");
    assert!(provider().with_signature_methods([]).is_err());
    for unknown in ["http://www.w3.org/2000/09/xmldsig#rsa-sha1", "rsa-sha256", ""] {
        assert!(provider().with_signature_methods([unknown]).is_err(), "{unknown}");
    }
}

#[test]
fn methods_that_nothing_relaxes() {
    let provider = relaxed(&signer::metadata(&[("", &TRUSTED)]), everything()).unwrap();
    for method in [
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2009/xmldsig11#dsa-sha256",
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-md5",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha224",
        "http://www.w3.org/2007/05/xmldsig-more#sha1-rsa-MGF1",
        "http://www.w3.org/2007/05/xmldsig-more#md5-rsa-MGF1",
        "http://www.w3.org/2007/05/xmldsig-more#rsa-pss",
        "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed448",
        // Fragments and other spellings of allowed ones are other URIs.
        "HTTP://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256 ",
        "http://www.w3.org/2001/04/xmldsig-more/rsa-sha256",
        "rsa-sha256",
    ] {
        let signed = Signing::method(method).sign(&Fields::default().assertion(), "_assertion", &TRUSTED);
        let error = judge_with(&provider, &Fields::default().response(&signed)).unwrap_err();
        assert!(matches!(&error, SamlError::AlgorithmNotAllowed { algorithm, .. } if algorithm == method), "{error:?}");
    }
    for digest in [
        "http://www.w3.org/2001/04/xmldsig-more#md5",
        "http://www.w3.org/2001/04/xmlenc#ripemd160",
        "http://www.w3.org/2001/04/xmldsig-more#sha224",
        "http://www.w3.org/2001/04/xmlenc#sha1",
        "",
    ] {
        let signing = Signing { digest_method: digest.to_owned(), ..Signing::default() };
        let signed = signing.sign(&Fields::default().assertion(), "_assertion", &TRUSTED);
        let error = judge_with(&provider, &Fields::default().response(&signed)).unwrap_err();
        assert!(matches!(&error, SamlError::AlgorithmNotAllowed { algorithm, .. } if algorithm == digest), "{error:?}");
    }
}

/// The responses that xmlsec signed with what only a relaxation allows, and the relaxations their names begin with.
pub(crate) fn signed_weakly() -> Vec<(PathBuf, BTreeSet<&'static str>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/saml/relaxed");
    let needs = |name: &str| {
        let sha1 = name.contains("sha1").then_some("sha1");
        sha1.into_iter().chain(name.contains("small_rsa").then_some("small_rsa")).collect()
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "xml") {
            let needs = needs(path.file_stem().unwrap().to_str().unwrap());
            found.push((path, needs));
        }
    }
    found
}

#[test]
fn what_is_weak_is_accepted_by_exactly_its_names() {
    let found = signed_weakly();
    assert_eq!(found.len(), 6);
    for (path, needs) in found {
        let certificate = std::fs::read_to_string(path.with_extension("cert")).unwrap();
        let metadata = signer::metadata(&[("", &TRUSTED)]).replace(&TRUSTED.certificate(), certificate.trim());
        let xml = std::fs::read_to_string(&path).unwrap();
        for sha1 in [false, true] {
            for small_rsa in [false, true] {
                let mut relaxations = Relaxations::none().allow_cbc().allow_aes_192().allow_extensions().allow_cdata();
                relaxations = if sha1 { relaxations.allow_sha1() } else { relaxations };
                relaxations = if small_rsa { relaxations.allow_small_rsa() } else { relaxations };
                let verdict = relaxed(&metadata, relaxations).and_then(|provider| judge_with(&provider, &xml));
                let what = format!("{} sha1 {sha1} small_rsa {small_rsa}: {verdict:?}", path.display());
                match verdict {
                    Ok(identity) => {
                        assert!(sha1 || !needs.contains("sha1"), "{what}");
                        assert!(small_rsa || !needs.contains("small_rsa"), "{what}");
                        assert_eq!(identity.subject(), "martha & co <x>");
                    }
                    Err(SamlError::Metadata(MetadataError::NoSigningKey { .. })) => {
                        assert!(!small_rsa && needs.contains("small_rsa"), "{what}");
                    }
                    Err(error) => {
                        assert_eq!(error.rule().name, "algorithm", "{what}");
                        assert!(!sha1 && needs.contains("sha1"), "{what}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_small_key_among_good_ones_is_left_out_and_does_not_spoil_them() {
    let (path, _) = signed_weakly().into_iter().find(|(path, _)| path.ends_with("small_rsa-sha256.xml")).unwrap();
    let small = std::fs::read_to_string(path.with_extension("cert")).unwrap();
    let stranger = STRANGER.certificate();
    let metadata = signer::metadata(&[("", &STRANGER), ("", &TRUSTED)]).replace(&stranger, small.trim());
    let provider = relaxed(&metadata, Relaxations::none()).unwrap();
    assert!(judge_with(&provider, &Fields::default().signed_assertion()).is_ok());
    let by_the_small_one = std::fs::read_to_string(&path).unwrap();
    assert_eq!(judge_with(&provider, &by_the_small_one).unwrap_err().rule().name, "signature");
}

#[test]
fn keys_of_different_kinds_share_metadata_and_each_answers_for_its_own() {
    let (p256, p384, p521) = (Key::p256(), Key::p384(), Key::p521());
    let metadata = signer::metadata(&[("", &TRUSTED), ("", &p256), ("", &p384), ("", &p521)]);
    let provider = relaxed(&metadata, Relaxations::none()).unwrap();
    let ecdsa = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-";
    for (key, hash) in [(&p256, "sha256"), (&p384, "sha384"), (&p521, "sha512")] {
        let signing = Signing::method(&format!("{ecdsa}{hash}"));
        let signed = signing.sign(&Fields::default().assertion(), "_assertion", key);
        assert!(judge_with(&provider, &Fields::default().response(&signed)).is_ok(), "{hash}");
    }
    assert!(judge_with(&provider, &Fields::default().signed_assertion()).is_ok());
    // How many were tried says that the key's kind decided: three curves take ECDSA with SHA-256, RSA does not.
    let signed =
        Signing::method(&format!("{ecdsa}sha256")).sign(&Fields::default().assertion(), "_assertion", &STRANGER);
    let error = judge_with(&provider, &Fields::default().response(&signed)).unwrap_err();
    assert!(error.reason().contains("3 keys tried"), "{}", error.reason());
}
