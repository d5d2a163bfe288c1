//! Responses that xmlsec1 signed: another canonicalization, other cryptography, declarations from outside the signed part.

use std::path::Path;

use daypass::identity::saml::SamlProvider;

use super::judge_with;
use super::signer::{self, ACS, SP, TRUSTED};

#[test]
fn what_xmlsec1_signed_is_accepted_and_any_edit_is_not() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/saml/signed");
    let mut seen = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "xml") {
            continue;
        }
        let certificate = std::fs::read_to_string(path.with_extension("cert")).unwrap();
        let metadata = signer::metadata(&[("", &TRUSTED)]).replace(&TRUSTED.certificate(), certificate.trim());
        let provider = SamlProvider::new(&metadata, SP, ACS).unwrap();
        let xml = std::fs::read_to_string(&path).unwrap();
        let identity =
            judge_with(&provider, &xml).unwrap_or_else(|error| panic!("{}: {}", path.display(), error.reason()));
        assert_eq!(identity.subject(), "martha & co <x>");
        assert_eq!(identity.subject_type(), Some("persistent"));
        assert_eq!(identity.attribute("display\nname"), ["Z\u{fc}rich\n\t\r\u{20ac}"]);
        let edited = xml.replace("rtha &amp; co", "rtha &amp; Co");
        assert_ne!(edited, xml);
        assert_eq!(judge_with(&provider, &edited).unwrap_err().rule().name, "digest");
        seen += 1;
    }
    assert_eq!(seen, 23);
}
