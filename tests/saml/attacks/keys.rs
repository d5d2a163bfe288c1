//! Signatures left out, edited, or made by keys that the message brought.

use aws_lc_rs::{digest, hmac, rsa};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daypass::identity::saml::SamlProvider;

use super::super::signer::{self, ACS, Fields, Key, SP, STRANGER, Signing, TRUSTED, algorithm};
use super::super::{judge, judge_with, rule};
use super::{Stolen, response, stolen};

#[test]
fn the_signature_stripped() {
    // CVE-2026-28323 (SolarWinds), CVE-2025-59718 (Fortinet): no signature meant no check.
    let Stolen { bare, forged, .. } = stolen();
    assert_eq!(rule(&response(&bare)), "signed");
    assert_eq!(rule(&response(&forged)), "signed");
}

#[test]
fn the_assertion_edited() {
    assert_eq!(rule(&Fields::default().signed_assertion().replace("martha", "admin")), "digest");
    assert_eq!(rule(&Fields::default().signed_response().replace("martha", "admin")), "digest");
    assert_eq!(rule(&Fields::default().signed_assertion().replace("Developers", "Admins")), "digest");
}

#[test]
fn the_digest_edited_with_the_assertion() {
    let Stolen { bare, signed, .. } = stolen();
    let forged = bare.replace("martha", "admin");
    let value = |text: &str| {
        Signing::default().signature(text, "_assertion", &TRUSTED).split("DigestValue>").nth(1).unwrap().to_owned()
    };
    let message = signed.replace("martha", "admin").replace(&value(&bare), &value(&forged));
    assert_eq!(rule(&response(&message)), "signature");
}

#[test]
fn signed_by_another_key() {
    let fields = Fields::default();
    let signed = Signing::default().sign(&fields.assertion(), "_assertion", &STRANGER);
    assert_eq!(rule(&fields.response(&signed)), "signature");
}

#[test]
fn the_key_in_key_info() {
    // CVE-2018-7644 and many since: the message brings the key that verifies it.
    let certificate = STRANGER.certificate();
    let key_info = format!(
        "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
    );
    let fields = Fields::default();
    let signed =
        Signing { more: key_info.clone(), ..Signing::default() }.sign(&fields.assertion(), "_assertion", &STRANGER);
    assert_eq!(rule(&fields.response(&signed)), "signature");
    // And an honest signer's KeyInfo is ignored, whatever it says.
    let signed = Signing { more: key_info, ..Signing::default() }.sign(&fields.assertion(), "_assertion", &TRUSTED);
    assert!(judge(&fields.response(&signed)).is_ok());
}

#[test]
fn a_public_key_used_as_a_shared_secret_and_other_weak_methods() {
    // CVE-2021-21239 (pysaml2): HMAC keyed with the public certificate.
    for method in [
        "http://www.w3.org/2000/09/xmldsig#hmac-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
        "none",
        "",
    ] {
        let signed = Signing::method(method).sign(&Fields::default().assertion(), "_assertion", &TRUSTED);
        assert_eq!(rule(&response(&signed)), "algorithm", "{method}");
    }
}

#[test]
fn a_truncated_comparison_asked_for_by_a_parameter() {
    // CVE-2009-0217: HMACOutputLength of a few bits.
    let method = algorithm("SignatureMethod", signer::RSA_SHA256)
        .replace("></ds:SignatureMethod>", "><ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>");
    let signed = Signing { method, ..Signing::default() }.sign(&Fields::default().assertion(), "_assertion", &TRUSTED);
    assert_eq!(rule(&response(&signed)), "algorithm");
}

#[test]
fn a_signature_method_of_another_kind_of_key() {
    let signed = Signing::method("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256").sign(
        &Fields::default().assertion(),
        "_assertion",
        &TRUSTED,
    );
    assert_eq!(rule(&response(&signed)), "signature");
}

#[test]
fn a_sha1_digest() {
    let signing = Signing {
        digest_method: "http://www.w3.org/2000/09/xmldsig#sha1".into(),
        digest: &digest::SHA1_FOR_LEGACY_USE_ONLY,
        ..Signing::default()
    };
    let signed = signing.sign(&Fields::default().assertion(), "_assertion", &TRUSTED);
    assert_eq!(rule(&response(&signed)), "algorithm");
}

#[test]
fn a_key_that_is_not_in_the_metadata_any_more() {
    let old = Key::rsa(rsa::KeySize::Rsa2048);
    let provider = SamlProvider::new(&signer::metadata(&[("", &old)]), SP, ACS).unwrap();
    assert_eq!(judge_with(&provider, &Fields::default().signed_assertion()).unwrap_err().rule().name, "signature");
}

#[test]
fn the_public_key_as_an_hmac_secret() {
    // CVE-2021-21239 (pysaml2) and its kin: what everyone may know is taken for a secret, if the message says so.
    let certificate = TRUSTED.certificate();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{certificate}\n-----END CERTIFICATE-----\n");
    let der = STANDARD.decode(&certificate).unwrap();
    for secret in [certificate.clone().into_bytes(), pem.into_bytes(), der, TRUSTED.spki(), Vec::new()] {
        let value = |method: &str, message: &[u8]| {
            let sha1 = method.ends_with("hmac-sha1");
            let algorithm = if sha1 { hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY } else { hmac::HMAC_SHA256 };
            hmac::sign(&hmac::Key::new(algorithm, &secret), message).as_ref().to_vec()
        };
        for method in
            ["http://www.w3.org/2000/09/xmldsig#hmac-sha1", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"]
        {
            let signed = Signing::method(method).sign_by(&stolen().forged, "_forged", value);
            assert_eq!(rule(&response(&signed)), "algorithm", "{method}");
        }
        // The same bytes under the name of an allowed method.
        let signed = Signing::default().sign_by(&stolen().forged, "_forged", value);
        assert_eq!(rule(&response(&signed)), "signature");
    }
}

#[test]
fn psychic_and_other_signatures_of_nothing() {
    // CVE-2022-21449 (Java): r = s = 0 verified under every key. CVE-2016-9814, CVE-2019-3465 (SimpleSAMLphp,
    // xmlseclibs): an error of the verifier was taken for success.
    let p256 = Key::p256();
    let ec = SamlProvider::new(&signer::metadata(&[("", &p256)]), SP, ACS).unwrap();
    let order = [
        0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad,
        0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
    ];
    for (method, coordinates) in [("ecdsa-sha256", [0; 32]), ("ecdsa-sha384", [0; 32]), ("ecdsa-sha256", order)] {
        let value = |_: &str, _: &[u8]| [coordinates, coordinates].concat();
        let method = format!("http://www.w3.org/2001/04/xmldsig-more#{method}");
        let signed = Signing::method(&method).sign_by(&stolen().forged, "_forged", value);
        assert_eq!(judge_with(&ec, &response(&signed)).unwrap_err().rule().name, "signature");
    }
    let whole: [&[u8]; 6] = [&[], &[0], &[0; 64], &[0; 256], &[0xff; 256], &[1; 257]];
    for value in whole {
        let signed = Signing::default().sign_by(&stolen().forged, "_forged", |_, _| value.to_vec());
        assert_eq!(rule(&response(&signed)), "signature", "{} bytes", value.len());
        let method = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384";
        let signed = Signing::method(method).sign_by(&stolen().forged, "_forged", |_, _| value.to_vec());
        assert_eq!(judge_with(&ec, &response(&signed)).unwrap_err().rule().name, "signature", "{} bytes", value.len());
    }
}

#[test]
fn a_signature_in_der_where_the_standard_wants_two_numbers() {
    // xmldsig 6.4.3: r || s. A second accepted form would be a second signature for replay memory to know.
    let p256 = Key::p256();
    let ec = SamlProvider::new(&signer::metadata(&[("", &p256)]), SP, ACS).unwrap();
    let method = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
    let signed = Signing::method(method).sign(&Fields::default().assertion(), "_assertion", &p256);
    assert!(judge_with(&ec, &response(&signed)).is_ok());
    let value = signed.split("<ds:SignatureValue>").nth(1).unwrap().split('<').next().unwrap();
    let fixed = STANDARD.decode(value).unwrap();
    let integer = |bytes: &[u8]| {
        let first = bytes.iter().position(|byte| *byte != 0).unwrap();
        let magnitude = [if bytes[first] > 0x7f { &[0][..] } else { &[] }, &bytes[first..]].concat();
        [vec![0x02, u8::try_from(magnitude.len()).unwrap()], magnitude].concat()
    };
    let both = [integer(&fixed[..32]), integer(&fixed[32..])].concat();
    let der = [vec![0x30, u8::try_from(both.len()).unwrap()], both].concat();
    let other = signed.replace(value, &STANDARD.encode(der));
    assert_eq!(judge_with(&ec, &response(&other)).unwrap_err().rule().name, "signature");
}

#[test]
fn a_certificate_that_looks_like_the_trusted_one() {
    // SAML Raider clones certificates: names, serial number and dates are the trusted one's, the key is not.
    let (mine, theirs) = (STRANGER.certificate(), TRUSTED.certificate());
    let apart = mine.bytes().zip(theirs.bytes()).position(|(mine, theirs)| mine != theirs).unwrap();
    assert!(apart > 100, "names, serial number and dates, which come first, are the same");
    for certificate in [mine, theirs] {
        let key_info = format!(
            "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        );
        let signing = Signing { more: key_info, ..Signing::default() };
        let signed = signing.sign(&stolen().forged, "_forged", &STRANGER);
        assert_eq!(rule(&response(&signed)), "signature");
    }
}

#[test]
fn keys_named_fetched_or_given_in_key_info() {
    // signxml CVE-2025-48994, xmlseclibs: KeyValue, a name, an address or a second KeyInfo decides which key verifies.
    let modulus = STANDARD.encode(&STRANGER.spki()[33..289]);
    let value = format!(
        "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>"
    );
    for inside in [
        value.as_str(),
        "<ds:KeyName>stranger</ds:KeyName>",
        "<ds:RetrievalMethod URI=\"http://evil.example/key\"></ds:RetrievalMethod>",
        "<ds:RetrievalMethod URI=\"file:///dev/zero\"></ds:RetrievalMethod>",
        "<ds:X509Data><ds:X509SubjectName>CN=idp</ds:X509SubjectName></ds:X509Data>",
        "",
    ] {
        let more = format!("<ds:KeyInfo>{inside}</ds:KeyInfo>");
        let signing = Signing { more: more.clone(), ..Signing::default() };
        let forged = signing.sign(&stolen().forged, "_forged", &STRANGER);
        assert_eq!(rule(&response(&forged)), "signature", "{inside}");
        // Beside a true signature it is without meaning.
        let honest = signing.sign(&stolen().bare, "_assertion", &TRUSTED);
        assert_eq!(judge(&response(&honest)).unwrap().subject(), "martha");
        let twice = Signing { more: more.repeat(2), ..Signing::default() };
        assert_eq!(rule(&response(&twice.sign(&stolen().bare, "_assertion", &TRUSTED))), "signature_shape");
        let before = honest.replace(&more, "").replace("<ds:SignatureValue>", &format!("{more}<ds:SignatureValue>"));
        assert_eq!(rule(&response(&before)), "signature_shape");
    }
}

#[test]
fn keys_of_one_kind_take_no_signatures_of_another() {
    let (p256, p384) = (Key::p256(), Key::p384());
    let ecdsa = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
    for (trusted, signer, method) in [
        (&*TRUSTED, &p256, ecdsa),
        (&p256, &*TRUSTED, signer::RSA_SHA256),
        (&p256, &*TRUSTED, ecdsa),
        (&*TRUSTED, &p256, signer::RSA_SHA256),
        (&p384, &p256, ecdsa),
        (&p256, &p384, ecdsa),
        (&p256, &p256, "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519"),
    ] {
        let provider = SamlProvider::new(&signer::metadata(&[("", trusted)]), SP, ACS).unwrap();
        let signed = Signing::method(method).sign(&stolen().bare, "_assertion", signer);
        assert_eq!(judge_with(&provider, &response(&signed)).unwrap_err().rule().name, "signature", "{method}");
    }
}

#[test]
fn no_key_is_not_no_check() {
    // CVE-2026-28323 (SolarWinds), samael: where metadata held no certificate, nothing was verified.
    let error = SamlProvider::new(&signer::metadata(&[]), SP, ACS).unwrap_err();
    assert_eq!(error.rule().name, "metadata");
    let only_for_encryption = signer::metadata(&[(" use=\"encryption\"", &TRUSTED)]);
    assert_eq!(SamlProvider::new(&only_for_encryption, SP, ACS).unwrap_err().rule().name, "metadata");
    // CVE-2026-16443 (Keycloak): a key without a stated use is one for signing.
    let unstated = SamlProvider::new(&signer::metadata(&[("", &TRUSTED)]), SP, ACS).unwrap();
    assert!(judge_with(&unstated, &Fields::default().signed_assertion()).is_ok());
    assert_eq!(judge_with(&unstated, &response(&stolen().bare)).unwrap_err().rule().name, "signed");
}
