//! Metadata that a federation or an identity provider signs, and what has been done to signed documents.

use std::time::{Duration, Instant};

use daypass::identity::saml::metadata::refresh::{HttpCaching, MetadataCache};
use daypass::identity::saml::{IdpMetadata, MetadataError, MetadataPolicy, SamlError, SamlProvider, XmlError};
use daypass::time::Timestamp;

use super::now;
use super::signer::{ACS, DSIG, IDP, Key, SAMLP, SP, STRANGER, Signing, TRUSTED};

const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const OTHER: &str = "https://other-idp.example";

/// One entity in canonical form, declaring `md` itself or not, with this key.
fn entity(declaration: &str, id: &str, entity_id: &str, key: &Key) -> String {
    let certificate = key.certificate();
    format!(
        r#"<md:EntityDescriptor{declaration} ID="{id}" entityID="{entity_id}"><md:IDPSSODescriptor protocolSupportEnumeration="{SAMLP}"><md:KeyDescriptor use="signing"><ds:KeyInfo xmlns:ds="{DSIG}"><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor><md:SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.example/sso"></md:SingleSignOnService></md:IDPSSODescriptor></md:EntityDescriptor>"#
    )
}

fn declared() -> String {
    format!(r#" xmlns:md="{MD}""#)
}

/// The entity alone, with the key that its assertions are signed by.
fn alone() -> String {
    entity(&declared(), "_entity", IDP, &TRUSTED)
}

/// An aggregate in canonical form around `entities`.
fn aggregate(attributes: &str, entities: &str) -> String {
    format!(r#"<md:EntitiesDescriptor xmlns:md="{MD}" ID="_all"{attributes}>{entities}</md:EntitiesDescriptor>"#)
}

/// `element` with a signature by `key` as its first child.
fn sign(element: &str, id: &str, key: &Key) -> String {
    let signature = Signing::default().signature(element, id, key);
    let start = element.find('>').unwrap() + 1;
    format!("{}{signature}{}", &element[..start], &element[start..])
}

fn pem(key: &Key) -> String {
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", key.certificate())
}

/// The federation's signing key, which is no key of any assertion.
static FEDERATION: std::sync::LazyLock<Key> = std::sync::LazyLock::new(Key::p256);

fn method(key: &Key) -> Signing {
    match key {
        Key::Ec(_) => Signing::method("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"),
        Key::Rsa(_) => Signing::default(),
        Key::Ed(_) => Signing::method("http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519"),
    }
}

fn by_federation(element: &str, id: &str) -> String {
    let signature = method(&FEDERATION).signature(element, id, &FEDERATION);
    let start = element.find('>').unwrap() + 1;
    format!("{}{signature}{}", &element[..start], &element[start..])
}

fn policy() -> MetadataPolicy {
    MetadataPolicy::new(IDP).unwrap().with_signers([pem(&FEDERATION).as_str()]).unwrap()
}

fn read(xml: &str) -> Result<IdpMetadata, SamlError> {
    policy().read(xml, now())
}

#[track_caller]
fn refused(xml: &str) -> MetadataError {
    match read(xml) {
        Err(SamlError::Metadata(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// The rule of XML Signature that refused.
#[track_caller]
fn rule(xml: &str) -> &'static str {
    match refused(xml) {
        MetadataError::Untrusted(error) => error.rule().name,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_signed_entity_is_read() {
    let metadata = read(&by_federation(&alone(), "_entity")).unwrap();
    assert_eq!((metadata.entity_id(), metadata.keys().len()), (IDP, 1));
    // By the RSA key of the identity provider itself, when that is what an operator pinned.
    let own = MetadataPolicy::new(IDP).unwrap().with_signers([pem(&TRUSTED).as_str()]).unwrap();
    assert!(own.read(&sign(&alone(), "_entity", &TRUSTED), now()).is_ok());
}

#[test]
fn a_signed_aggregate_vouches_for_what_it_holds() {
    let entities = entity("", "_other", OTHER, &STRANGER) + &entity("", "_entity", IDP, &TRUSTED);
    let nested = format!(r#"<md:EntitiesDescriptor Name="nested">{entities}</md:EntitiesDescriptor>"#);
    for inside in [entities, nested] {
        let metadata = read(&by_federation(&aggregate("", &inside), "_all")).unwrap();
        assert_eq!(metadata.entity_id(), IDP);
    }
}

#[test]
fn a_signed_entity_in_an_unsigned_aggregate_vouches_for_itself() {
    let signed = by_federation(&alone(), "_entity");
    let unsigned = entity("", "_other", OTHER, &STRANGER);
    let around = format!(r#"<md:EntitiesDescriptor xmlns:md="{MD}">{unsigned}{signed}</md:EntitiesDescriptor>"#);
    assert_eq!(read(&around).unwrap().entity_id(), IDP);
    let other = MetadataPolicy::new(OTHER).unwrap().with_signers([pem(&FEDERATION).as_str()]).unwrap();
    assert_eq!(other.read(&around, now()).unwrap_err(), MetadataError::NotSigned.into());
}

#[test]
fn unsigned_metadata_is_refused_where_a_signature_is_demanded() {
    assert_eq!(refused(&alone()), MetadataError::NotSigned);
    assert_eq!(refused(&aggregate("", &entity("", "_entity", IDP, &TRUSTED))), MetadataError::NotSigned);
    assert!(MetadataPolicy::new(IDP).unwrap().read(&alone(), now()).is_ok());
}

#[test]
fn metadata_signed_by_anyone_else_is_refused() {
    assert_eq!(rule(&sign(&alone(), "_entity", &STRANGER)), "signature");
    // Also by the key that the same document declares to be the provider's: it would vouch for itself.
    assert_eq!(rule(&sign(&alone(), "_entity", &TRUSTED)), "signature");
}

#[test]
fn edited_metadata_is_refused() {
    let signed = by_federation(&alone(), "_entity");
    assert_eq!(rule(&signed.replace(&TRUSTED.certificate(), &STRANGER.certificate())), "digest");
    assert_eq!(rule(&signed.replace("https://idp.example/sso", "https://evil.example/sso")), "digest");
}

#[test]
fn the_signature_must_be_of_the_element_it_stands_in() {
    // Signature wrapping of metadata (saml-metadata 3.1; the attack of CVE-2012-4418 on another document).
    let genuine = by_federation(&alone(), "_entity");
    let (start, end) = (genuine.find("<ds:Signature ").unwrap(), genuine.find("</ds:Signature>").unwrap());
    let stolen = &genuine[start..end + "</ds:Signature>".len()];
    let forged = entity(&declared(), "_forged", IDP, &STRANGER);
    let into = |element: &str, inside: &str| element.replacen("<md:IDP", &format!("{inside}<md:IDP"), 1);
    // The signature of the genuine element in a forged one: its reference is to another element.
    assert_eq!(rule(&into(&forged, stolen)), "reference");
    // With the genuine element hidden in an extension, so that the reference finds it.
    let hidden = format!("<md:Extensions>{}</md:Extensions>", alone());
    assert_eq!(rule(&into(&forged, &format!("{stolen}{hidden}"))), "reference");
    // With the forged element carrying the genuine one's ID.
    let same_id = forged.replace("_forged", "_entity");
    assert_eq!(rule(&into(&same_id, &format!("{stolen}{hidden}"))), "unique_id");
    // In an aggregate beside the genuine one.
    let around = |inside: &str| format!(r#"<md:EntitiesDescriptor xmlns:md="{MD}">{inside}</md:EntitiesDescriptor>"#);
    assert_eq!(refused(&around(&format!("{forged}{genuine}"))), MetadataError::EntityRepeated);
    assert_eq!(refused(&around(&format!("{genuine}{forged}"))), MetadataError::EntityRepeated);
    // With the genuine one in an Object of the signature.
    let object = stolen.replace("</ds:Signature>", &format!("<ds:Object>{}</ds:Object></ds:Signature>", alone()));
    assert_eq!(rule(&into(&forged, &object)), "signature_shape");
    // In an aggregate whose signature covers a sibling.
    let sibling = by_federation(&entity(&declared(), "_other", OTHER, &STRANGER), "_other");
    assert_eq!(refused(&around(&format!("{sibling}{forged}"))), MetadataError::NotSigned);
}

#[test]
fn two_signatures_of_one_element_are_refused() {
    let signed = by_federation(&alone(), "_entity");
    let (start, end) = (signed.find("<ds:Signature ").unwrap(), signed.find("</ds:Signature>").unwrap());
    let signature = &signed[start..end + "</ds:Signature>".len()];
    let twice = signed.replacen(signature, &signature.repeat(2), 1);
    assert_eq!(refused(&twice), MetadataError::Shape { expected: "at most one signature of an element" });
}

#[test]
fn the_outermost_signature_decides() {
    // A federation that signs what it collected: the signature it collected with it is no word of the federation.
    let collected = sign(&alone(), "_entity", &STRANGER);
    let canonical = collected.replacen(&declared(), "", 1);
    assert!(read(&by_federation(&aggregate("", &canonical), "_all")).is_ok());
    // And whoever wraps what the federation signed is not the federation.
    let wrapped =
        sign(&aggregate("", &by_federation(&alone(), "_entity").replacen(&declared(), "", 1)), "_all", &STRANGER);
    assert_eq!(rule(&wrapped), "signature");
}

#[test]
fn weak_and_foreign_algorithms_are_refused() {
    let (old, new) =
        ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2000/09/xmldsig#rsa-sha1");
    let own = MetadataPolicy::new(IDP).unwrap().with_signers([pem(&TRUSTED).as_str()]).unwrap();
    let refused = own.read(&sign(&alone(), "_entity", &TRUSTED).replace(old, new), now()).unwrap_err();
    assert!(refused.reason().contains("algorithm"), "{}", refused.reason());
    let small = Key::rsa(aws_lc_rs::rsa::KeySize::Rsa2048);
    assert!(MetadataPolicy::new(IDP).unwrap().with_signers([pem(&small).as_str()]).is_ok());
    assert!(MetadataPolicy::new(IDP).unwrap().with_signers(["no pem"]).is_err());
    assert!(MetadataPolicy::new(IDP).unwrap().with_signers([]).is_err());
}

#[test]
fn document_types_and_repeated_ids_are_refused_by_name() {
    let signed = by_federation(&alone(), "_entity");
    let typed = format!("<!DOCTYPE md [<!ENTITY key SYSTEM 'file:///etc/passwd'>]>{signed}");
    assert!(matches!(refused(&typed), MetadataError::Xml(XmlError::Doctype { .. })));
    let extensions = |inside: &str| {
        aggregate("", &format!("<md:Extensions>{inside}</md:Extensions>{}", entity("", "_entity", IDP, &TRUSTED)))
    };
    let repeated = by_federation(&extensions(r#"<x ID="_entity"></x>"#), "_all");
    assert_eq!(rule(&repeated), "unique_id");
    let namespaced = by_federation(&extensions(r#"<x xml:id="_x"></x>"#), "_all");
    assert_eq!(rule(&namespaced), "unique_id");
}

#[test]
fn only_signed_bytes_are_believed_about_time() {
    let valid = |attributes: &str, signed: bool| {
        let aggregate = aggregate(attributes, &entity("", "_entity", IDP, &TRUSTED));
        if signed { by_federation(&aggregate, "_all") } else { aggregate }
    };
    let until = |instant: &str| format!(r#" validUntil="{instant}""#);
    assert_eq!(refused(&valid(&until("2026-06-01T12:00:30Z"), true)), MetadataError::RunOut { valid_until: now() });
    assert!(read(&valid(&until("2026-06-01T12:00:31Z"), true)).is_ok());
    // What stands around the signed element is nobody's word: anyone could have written it, or taken it away.
    let signed = by_federation(&alone(), "_entity");
    let around = |attributes: &str| {
        format!(r#"<md:EntitiesDescriptor xmlns:md="{MD}"{attributes}>{signed}</md:EntitiesDescriptor>"#)
    };
    let unsigned = read(&around(r#" validUntil="2036-06-01T12:00:30Z" cacheDuration="PT1S""#)).unwrap();
    assert_eq!((unsigned.valid_until(), unsigned.cache_duration()), (None, None));
    // Prolonging it breaks the signature.
    let edited = valid(&until("2026-06-01T12:00:30Z"), true).replace("2026-06-01T12:00:30Z", "2027-06-01T12:00:30Z");
    assert_eq!(rule(&edited), "digest");
}

#[test]
fn an_older_signed_document_does_not_bring_its_keys_back() {
    // The signature on it is as good as ever, and so is the horizon: only what is at hand shows that it is old.
    let until = |key: &Key, valid_until: &str| {
        let attribute = format!(r#" validUntil="{valid_until}""#);
        by_federation(&aggregate(&attribute, &entity("", "_entity", IDP, key)), "_all")
    };
    let (old, new) = (until(&STRANGER, "2026-06-08T00:00:00Z"), until(&TRUSTED, "2026-06-09T00:00:00Z"));
    let policy = policy().with_validity_horizon(Duration::from_secs(14 * 86_400));
    let provider = |xml: &str| SamlProvider::from_metadata(policy.read(xml, now()).unwrap(), SP, ACS).unwrap();
    let refused = policy.renew(&provider(&new), &old, now()).unwrap_err();
    assert!(matches!(refused, SamlError::Metadata(MetadataError::RolledBack { .. })), "{refused:?}");
    let renewed = policy.renew(&provider(&old), &new, now()).unwrap();
    assert_eq!(renewed.pinned_keys(), provider(&new).pinned_keys());
    assert!(policy.renew(&renewed, &new, now()).is_ok(), "the same document again");
}

#[test]
fn how_long_a_copy_is_believed_does_not_decide_which_is_older() {
    let until = |valid_until: &str| {
        let attribute = format!(r#" validUntil="{valid_until}""#);
        by_federation(&aggregate(&attribute, &entity("", "_entity", IDP, &TRUSTED)), "_all")
    };
    let policy = policy();
    let stated = until("2026-07-01T00:00:00Z");
    let provider = SamlProvider::from_metadata(policy.read(&stated, now()).unwrap(), SP, ACS).unwrap();
    let cache = MetadataCache::new(&provider, HttpCaching::default(), now());
    let older = until("2026-06-25T00:00:00Z");
    // An unconfirmed copy is believed for two weeks, less long than the older one says of itself.
    assert!(policy.renew(cache.provider(), &older, now()).is_ok());
    let refused = policy.renew(&cache.as_stated(), &older, now()).unwrap_err();
    assert!(matches!(refused, SamlError::Metadata(MetadataError::RolledBack { .. })), "{refused:?}");
}

#[test]
fn metadata_valid_for_too_long_is_refused() {
    // Whoever kept a signed document whose keys have been stolen since presents it for as long as it says it is valid.
    let policy = policy().with_validity_horizon(Duration::from_secs(14 * 86_400));
    let valid = |attributes: &str| by_federation(&aggregate(attributes, &entity("", "_entity", IDP, &TRUSTED)), "_all");
    let read = |attributes: &str| policy.read(&valid(attributes), now());
    assert!(read(r#" validUntil="2026-06-15T12:00:30Z""#).is_ok());
    let horizon = Duration::from_secs(14 * 86_400);
    let late = Timestamp::parse_rfc3339("2026-06-15T12:00:31Z").unwrap();
    assert_eq!(
        read(r#" validUntil="2026-06-15T12:00:31Z""#).unwrap_err(),
        MetadataError::BeyondHorizon { valid_until: Some(late), horizon }.into()
    );
    assert_eq!(read("").unwrap_err(), MetadataError::BeyondHorizon { valid_until: None, horizon }.into());
}

#[test]
fn the_shortest_cache_duration_around_the_entity_is_read() {
    let both = aggregate(r#" cacheDuration="PT6H""#, &entity("", "_entity", IDP, &TRUSTED));
    assert_eq!(read(&by_federation(&both, "_all")).unwrap().cache_duration(), Some(Duration::from_secs(6 * 3600)));
    let inner = both
        .replace(r#"<md:EntityDescriptor ID="_entity""#, r#"<md:EntityDescriptor ID="_entity" cacheDuration="PT1H""#);
    assert_eq!(read(&by_federation(&inner, "_all")).unwrap().cache_duration(), Some(Duration::from_secs(3600)));
    let unreadable = both.replace("PT6H", "6 hours");
    assert_eq!(
        refused(&by_federation(&unreadable, "_all")),
        MetadataError::Shape { expected: "cacheDuration as a duration" }
    );
}

#[test]
fn a_signature_by_xmlsec1_is_good() {
    let read = |name: &str| std::fs::read_to_string(format!("tests/vectors/saml/metadata/{name}")).unwrap();
    let policy =
        |entity_id: &str| MetadataPolicy::new(entity_id).unwrap().with_signers([read("signer.pem").as_str()]).unwrap();
    for document in ["entity.xml", "aggregate.xml"] {
        let metadata = policy(IDP).read(&read(document), now()).unwrap();
        assert_eq!((metadata.entity_id(), metadata.keys().len()), (IDP, 2), "{document}");
        let edited = read(document).replace("https://idp.example/sso", "https://evil.example/sso");
        let refused = policy(IDP).read(&edited, now()).unwrap_err();
        assert!(refused.reason().contains("digest"), "{}", refused.reason());
    }
}

#[test]
fn an_aggregate_of_thousands_of_entities_is_read() {
    let one = entity("", "_n", OTHER, &STRANGER);
    let named = |n: u32| one.replace("_n\"", &format!("_n{n}\"")).replace(OTHER, &format!("{OTHER}/{n}"));
    let others: String = (0..5_000).map(named).collect();
    let signed = by_federation(&aggregate("", &(others + &entity("", "_entity", IDP, &TRUSTED))), "_all");
    let began = Instant::now();
    assert!(read(&signed).is_ok());
    println!("{} bytes: {:?}", signed.len(), began.elapsed());
    let longer = format!("{}{}", " ".repeat(10_000_001 - signed.len()), signed);
    assert!(matches!(refused(&longer), MetadataError::Xml(XmlError::Limit { counted: "bytes", .. })));
}
