//! Identity provider metadata, and ours.

use aws_lc_rs::rsa;
use aws_lc_rs::signature::KeyPair as _;
use daypass::explain::Silent;
use daypass::identity::saml::danger::{self, Relaxations};
use daypass::identity::saml::{IdpMetadata, MetadataError, SamlError, SamlProvider, UnverifiedResponse, verify};

use super::signer::{self, Fields, IDP, Key, REQUEST, SP, STRANGER, TRUSTED};
use super::{ACS, STANDARD, judge_with, now};
use base64::Engine as _;

fn refused(xml: &str) -> MetadataError {
    match SamlProvider::new(xml, SP, ACS).unwrap_err() {
        SamlError::Metadata(error) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn entity_id_keys_and_endpoints_are_read() {
    let metadata =
        IdpMetadata::parse(&signer::metadata(&[("", &TRUSTED), (" use=\"encryption\"", &STRANGER)])).unwrap();
    assert_eq!(metadata.entity_id(), IDP);
    assert_eq!(metadata.keys().len(), 1);
    assert_eq!(metadata.redirect_endpoint(), Some("https://idp.example/sso?tenant=1"));
    assert_eq!(metadata.post_endpoint(), Some("https://idp.example/sso"));
    let (from, until) = metadata.keys()[0].validity().unwrap();
    assert_eq!(
        (from.to_string().as_str(), until.to_string().as_str()),
        ("2026-01-01T00:00:00Z", "2026-12-31T23:59:59Z")
    );
}

#[test]
fn metadata_without_a_signing_key_makes_no_provider() {
    // samael and others took it as "signatures are not checked".
    assert_eq!(refused(&signer::metadata(&[])), MetadataError::NoSigningKey { last: None });
    assert_eq!(
        refused(&signer::metadata(&[(" use=\"encryption\"", &TRUSTED)])),
        MetadataError::NoSigningKey { last: None }
    );
}

#[test]
fn an_encryption_key_does_not_sign() {
    let metadata = signer::metadata(&[(" use=\"encryption\"", &TRUSTED), (" use=\"signing\"", &STRANGER)]);
    let provider = SamlProvider::new(&metadata, SP, ACS).unwrap();
    assert_eq!(judge_with(&provider, &Fields::default().signed_assertion()).unwrap_err().rule().name, "signature");
}

#[test]
fn keys_beyond_the_eighth_are_not_even_read() {
    // Each bare key was compared with all before it, each time anew: 230 KB of them took seconds to read, and
    // metadata may be 10 MB.
    let descriptors = [("", &*TRUSTED); 9];
    let certificate = TRUSTED.certificate();
    let (eight, ninth) =
        signer::metadata(&descriptors).rsplit_once(&certificate).map(|(b, a)| (b.to_owned(), a.to_owned())).unwrap();
    let metadata = IdpMetadata::parse(&format!("{eight}certainly not base64{ninth}")).unwrap();
    assert_eq!(metadata.keys().len(), 8);
    let bare = |digit: char| {
        let modulus = format!("{digit}{}", "/".repeat(340));
        format!(
            "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}Q==</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>"
        )
    };
    let keys: String = ('w'..='z').chain('0'..='9').map(bare).collect();
    let info = format!("<ds:X509Data><ds:X509Certificate>\n{certificate}\n</ds:X509Certificate></ds:X509Data>");
    let metadata = signer::metadata(&[("", &TRUSTED)]).replace(&info, &keys);
    assert_eq!(IdpMetadata::parse(&metadata).unwrap().keys().len(), 8);
}

#[test]
fn a_bare_rsa_key_is_as_good_as_a_certificate_and_a_small_one_is_not() {
    let Key::Rsa(pair) = &*TRUSTED else { unreachable!() };
    let bare = |modulus: &[u8]| {
        let value = format!(
            "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{}</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>",
            STANDARD.encode(modulus)
        );
        let metadata = signer::metadata(&[("", &TRUSTED)]);
        let (before, rest) = metadata.split_once("<ds:X509Data>").unwrap();
        format!("{before}{value}{}", rest.split_once("</ds:X509Data>").unwrap().1)
    };
    let modulus = pair.public_key().modulus().big_endian_without_leading_zero().to_vec();
    let provider = SamlProvider::new(&bare(&modulus), SP, ACS).unwrap();
    assert!(judge_with(&provider, &Fields::default().signed_assertion()).is_ok());
    let small = bare(&[0xff; 128]);
    assert!(matches!(refused(&small), MetadataError::NoSigningKey { last: Some(_) }));
    assert!(danger::provider(&small, SP, ACS, Relaxations::none().allow_small_rsa()).is_ok());
    assert!(danger::provider(&bare(&[0xff; 64]), SP, ACS, Relaxations::none().allow_small_rsa()).is_err());
}

#[test]
fn of_thousands_of_keys_the_first_eight_are_read() {
    // Every key costs a verification of each forged message, and a comparison with every other while they are read.
    let value = |n: u32| {
        let modulus = STANDARD.encode([&[0xff; 256][..], &n.to_be_bytes()].concat());
        format!(
            "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{modulus}</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>"
        )
    };
    let metadata = signer::metadata(&[("", &TRUSTED)]);
    let many: String = (0..20_000).map(value).collect();
    let metadata = metadata.replacen("<ds:X509Data>", &format!("{many}<ds:X509Data>"), 1);
    assert_eq!(IdpMetadata::parse(&metadata).unwrap().keys().len(), 8);
    assert_eq!(IdpMetadata::parse(&signer::metadata(&[("", &*TRUSTED); 9])).unwrap().keys().len(), 8);
}

#[test]
fn relaxations_are_listed_by_name() {
    let relaxations = Relaxations::none().allow_sha1().allow_cbc();
    let provider = danger::provider(&signer::metadata(&[("", &TRUSTED)]), SP, ACS, relaxations).unwrap();
    assert_eq!(provider.relaxations().names().collect::<Vec<_>>(), ["sha1", "cbc"]);
    assert_eq!(super::provider().relaxations().names().count(), 0);
}

#[test]
fn aggregates_are_searched_by_entity_id() {
    let one = signer::metadata(&[("", &TRUSTED)]);
    let other = one.replace(IDP, "https://other-idp.example");
    let aggregate = |entities: &str| {
        format!(
            r#"<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"><md:EntitiesDescriptor>{entities}</md:EntitiesDescriptor></md:EntitiesDescriptor>"#
        )
    };
    let both = aggregate(&format!("{one}{other}"));
    assert_eq!(IdpMetadata::pick(&both, IDP).unwrap().entity_id(), IDP);
    assert_eq!(IdpMetadata::parse(&both).unwrap_err(), MetadataError::EntityNotFound.into());
    assert_eq!(IdpMetadata::pick(&both, "https://third.example").unwrap_err(), MetadataError::EntityNotFound.into());
    assert_eq!(IdpMetadata::pick(&aggregate(&one.repeat(2)), IDP).unwrap_err(), MetadataError::EntityRepeated.into());
    assert_eq!(IdpMetadata::parse(&aggregate(&one)).unwrap().entity_id(), IDP);
}

#[test]
fn metadata_that_has_run_out_vouches_for_nobody() {
    let metadata = signer::metadata(&[("", &TRUSTED)]);
    for place in ["<md:EntityDescriptor ", "<md:IDPSSODescriptor "] {
        let until = |instant: &str| metadata.replace(place, &format!("{place}validUntil=\"{instant}\" "));
        let judged =
            |xml: &str| judge_with(&SamlProvider::new(xml, SP, ACS).unwrap(), &Fields::default().signed_assertion());
        assert!(judged(&until("2026-06-01T12:00:31Z")).is_ok());
        let refusal = judged(&until("2026-06-01T12:00:30Z")).unwrap_err();
        assert_eq!(refusal.rule().name, "metadata");
        assert!(matches!(refusal, SamlError::Metadata(MetadataError::RunOut { .. })));
        assert!(matches!(refused(&until("soon")), MetadataError::Shape { .. }));
    }
    let response =
        UnverifiedResponse::from_post(&STANDARD.encode(Fields::default().signed_assertion()), REQUEST).unwrap();
    assert!(verify(&super::provider(), response, now(), &mut Silent).is_ok());
}

#[test]
fn a_disabled_provider_vouches_for_nobody() {
    let refusal = judge_with(&super::provider().disabled(), &Fields::default().signed_assertion()).unwrap_err();
    assert_eq!(refusal, MetadataError::ProviderDisabled.into());
    assert_eq!(refusal.rule().name, "metadata");
}

#[test]
fn renewed_metadata_brings_its_keys_and_takes_the_old_ones_away() {
    let old = super::provider();
    let renewed = |xml: &str| old.renewed(IdpMetadata::parse(xml).unwrap());
    let answer = Fields::default().signed_assertion();
    let both = renewed(&signer::metadata(&[("", &TRUSTED), ("", &STRANGER)])).unwrap();
    assert!(judge_with(&both, &answer).is_ok());
    let rolled = renewed(&signer::metadata(&[("", &STRANGER)])).unwrap();
    assert_eq!(judge_with(&rolled, &answer).unwrap_err().rule().name, "signature");
    assert!(judge_with(&old, &answer).is_ok(), "a verification under way keeps its keys");
    let another = renewed(&signer::metadata(&[("", &TRUSTED)]).replace(IDP, "https://other.example")).unwrap_err();
    assert_eq!(another, MetadataError::EntityNotFound.into());
}

#[test]
fn logout_endpoints_are_read_with_their_address_for_responses() {
    let binding = |name: &str, rest: &str| {
        format!(
            r#"<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{name}" Location="https://idp.example/slo"{rest}/>"#
        )
    };
    let with = |services: &str| {
        let metadata = signer::metadata(&[("", &TRUSTED)]);
        metadata.replacen("<md:SingleSignOnService", &format!("{services}<md:SingleSignOnService"), 1)
    };
    let none = IdpMetadata::parse(&with("")).unwrap();
    assert!(none.logout_redirect().is_none() && none.logout_post().is_none());
    let answers = " ResponseLocation=\"https://idp.example/slo/answers\"";
    let both = IdpMetadata::parse(&with(&(binding("Redirect", "") + &binding("POST", answers)))).unwrap();
    let (redirect, post) = (both.logout_redirect().unwrap(), both.logout_post().unwrap());
    assert_eq!(
        (redirect.location(), redirect.response_location()),
        ("https://idp.example/slo", "https://idp.example/slo")
    );
    assert_eq!(
        (post.location(), post.response_location()),
        ("https://idp.example/slo", "https://idp.example/slo/answers")
    );
    let script = binding("POST", " ResponseLocation=\"javascript:alert(1)\"");
    assert_eq!(refused(&with(&script)), MetadataError::EndpointMalformed);
}

/// Somebody who asks for the metadata of a provider is told what is believed, whatever it was read from.
#[test]
fn what_is_believed_reads_as_it_was_read() {
    const SLO: &str = r#"<md:SingleLogoutService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://idp.example/slo" ResponseLocation="https://idp.example/slo/a&amp;b"/>"#;
    let stated = signer::metadata(&[("", &TRUSTED), (" use=\"signing\"", &STRANGER)])
        .replacen(" entityID", " validUntil=\"2027-01-01T00:00:00Z\" cacheDuration=\"PT1H\" entityID", 1)
        .replacen("<md:IDPSSODescriptor", "<md:IDPSSODescriptor WantAuthnRequestsSigned=\"true\"", 1)
        .replacen("<md:SingleSignOnService", &format!("{SLO}<md:SingleSignOnService"), 1);
    let stated = IdpMetadata::parse(&stated).unwrap();
    assert!(stated.valid_until().is_some() && stated.cache_duration().is_some() && stated.wants_signed_requests());
    assert_eq!(IdpMetadata::parse(&stated.document()).unwrap(), stated);

    let pinned = IdpMetadata::from_pem(IDP, [TRUSTED.public_pem().as_str()]).unwrap();
    let read = IdpMetadata::parse(&pinned.document()).unwrap();
    assert_eq!((read.entity_id(), read.keys()[0].validity()), (IDP, None));
    let answer = Fields::default().signed_assertion();
    assert!(judge_with(&SamlProvider::from_metadata(read, SP, ACS).unwrap(), &answer).is_ok());
    let curve = IdpMetadata::from_pem(IDP, [Key::p256().public_pem().as_str()]).unwrap();
    assert!(curve.document().contains("DEREncodedKeyValue"), "{}", curve.document());
}

#[test]
fn endpoints_that_are_not_web_addresses_are_refused() {
    let metadata = signer::metadata(&[("", &TRUSTED)]);
    for location in ["javascript:alert(1)", "//idp.example", "https://idp.example/ x", ""] {
        assert_eq!(
            refused(&metadata.replace("https://idp.example/sso\"", &format!("{location}\""))),
            MetadataError::EndpointMalformed
        );
    }
}

#[test]
fn metadata_of_another_shape_is_refused() {
    let metadata = signer::metadata(&[("", &TRUSTED)]);
    assert!(matches!(refused("<x/>"), MetadataError::Shape { .. }));
    assert!(matches!(refused("not xml"), MetadataError::Xml(_)));
    assert!(matches!(refused(&format!("<!DOCTYPE x>{metadata}")), MetadataError::Xml(_)));
    assert_eq!(refused(&metadata.replace("IDPSSODescriptor", "SPSSODescriptor")), MetadataError::EntityNotFound);
    assert_eq!(refused(&metadata.replace("SAML:2.0:protocol", "SAML:1.1:protocol")), MetadataError::EntityNotFound);
    assert_eq!(
        refused(&metadata.replace("<ds:X509Certificate>\n", "<ds:X509Certificate>!")),
        MetadataError::CertificateMalformed
    );
    assert!(SamlProvider::new(&format!("<?xml version=\"1.0\"?><!-- ours -->{metadata}"), SP, ACS).is_ok());
}

#[test]
fn certificates_with_something_after_them_are_refused() {
    let key = Key::rsa(rsa::KeySize::Rsa2048);
    let mut der = STANDARD.decode(key.certificate()).unwrap();
    der.push(0);
    let metadata = signer::metadata(&[("", &key)]).replace(&key.certificate(), &STANDARD.encode(der));
    assert_eq!(refused(&metadata), MetadataError::CertificateMalformed);
}
