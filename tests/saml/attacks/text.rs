//! Text that one reader sees and another does not.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daypass::VerifiedIdentity;
use daypass::explain::Silent;
use daypass::identity::saml::danger::{self, Relaxations};
use daypass::identity::saml::{SamlError, SamlProvider, UnverifiedResponse, verify};

use super::super::signer::{self, ACS, DSIG, Fields, IDP, REQUEST, SP, TRUSTED};
use super::super::{judge, judge_with, now, provider, rule, with};

fn relaxed(relaxations: Relaxations) -> SamlProvider {
    danger::provider(&signer::metadata(&[("", &TRUSTED)]), SP, ACS, relaxations).unwrap()
}

fn judge_bytes(bytes: &[u8]) -> Result<VerifiedIdentity, SamlError> {
    verify(&provider(), UnverifiedResponse::from_post(&STANDARD.encode(bytes), REQUEST)?, now(), &mut Silent)
}

#[test]
fn a_comment_inside_the_name_id() {
    // CVE-2017-11427 and its kin: canonicalization drops the comment, the reader stops at it.
    let message = Fields::default().signed_assertion();
    assert_eq!(rule(&message.replace("martha", "mar<!-- -->tha")), "comment");
    let signed = with(|f| f.name_id = "<saml:NameID>admin@example.com.evil.example</saml:NameID>".into());
    assert_eq!(rule(&signed.replace("admin@example.com", "admin@example.com<!-- -->")), "comment");
}

#[test]
fn a_comment_inside_the_digest_value() {
    let message = Fields::default().signed_assertion();
    assert_eq!(rule(&message.replace("<ds:DigestValue>", "<ds:DigestValue><!-- -->")), "comment");
}

#[test]
fn a_processing_instruction_inside_the_name_id() {
    assert_eq!(
        rule(&Fields::default().signed_assertion().replace("martha", "mar<?x y?>tha")),
        "processing_instruction"
    );
}

#[test]
fn a_cdata_section_inside_the_name_id() {
    assert_eq!(rule(&Fields::default().signed_assertion().replace("martha", "<![CDATA[martha]]>")), "cdata");
}

#[test]
fn an_element_inside_the_name_id_or_the_digest_value() {
    assert_eq!(rule(&with(|f| f.name_id = "<saml:NameID>admin<saml:x></saml:x>.evil</saml:NameID>".into())), "subject");
    let message = Fields::default().signed_assertion();
    assert_eq!(rule(&message.replace("<ds:DigestValue>", "<ds:DigestValue><ds:x></ds:x>")), "reference");
}

#[test]
fn a_document_type_with_entities() {
    // CVE-2016-10149 (pysaml2): external entities; and a billion laughs.
    let message = Fields::default().signed_assertion();
    for doctype in [
        "<!DOCTYPE x>",
        "<!DOCTYPE x [<!ENTITY who 'admin'>]>",
        "<!DOCTYPE x SYSTEM 'file:///etc/passwd'>",
        "<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]>",
        "<!DOCTYPE x [<!ATTLIST x ID ID #IMPLIED>]>",
    ] {
        assert_eq!(rule(&format!("{doctype}{message}")), "doctype");
    }
    assert_eq!(rule(&message.replace("martha", "&who;")), "well_formed");
}

#[test]
fn documents_that_lenient_parsers_repair() {
    // CVE-2025-25291, CVE-2025-25292 (ruby-saml): two parsers, two documents.
    let message = Fields::default().signed_assertion();
    for broken in [
        format!("{message}<x/>"),
        format!("{message}text"),
        message.trim_end_matches("</samlp:Response>").to_owned(),
        message.replace("</saml:NameID>", "</saml:nameid>"),
        message.replace("<saml:Subject>", "<saml:Subject a='1' a='2'>"),
        message.replace("<saml:NameID>", "<saml::NameID>"),
    ] {
        assert_eq!(rule(&broken), "well_formed", "{broken}");
    }
    assert_eq!(rule(&message.replace(&format!("xmlns:ds=\"{DSIG}\""), "")), "namespaces");
}

/// Where a value that is read stands in an honest message: the text around a cut.
const VALUES: [(&str, &str); 9] = [
    ("<saml:NameID>mar", "tha</saml:NameID>"),
    ("<saml:Audience>https://sp.", "example/metadata</saml:Audience>"),
    ("<saml:AttributeValue>Adm", "ins</saml:AttributeValue>"),
    ("<saml:Issuer>https://idp.", "example/metadata</saml:Issuer>"),
    ("<ds:DigestValue>", ""),
    ("<ds:SignatureValue>", ""),
    ("classes:Password", "ProtectedTransport</saml:AuthnContextClassRef>"),
    ("<saml:Subject>", "<saml:NameID>"),
    ("</saml:Assertion>", "</samlp:Response>"),
];

fn cut(message: &str, (before, after): (&str, &str), with: &str) -> String {
    let edited = message.replace(&format!("{before}{after}"), &format!("{before}{with}{after}"));
    assert_ne!(edited, message, "{before}{after}");
    edited
}

#[test]
fn comments_instructions_and_sections_inside_every_value() {
    // CVE-2017-11427 to -11430, VU#475445: seven libraries read the text up to the comment. OneUptime 2988: xml-crypto
    // writes a processing instruction as text. CVE-2026-34601, CVE-2026-41675 (xmldom): sections that join or split.
    for message in [Fields::default().signed_assertion(), Fields::default().signed_response()] {
        for value in VALUES {
            for (inserted, expected) in [
                ("<!---->", "comment"),
                ("<!-- x -->", "comment"),
                ("<?x?>", "processing_instruction"),
                ("<?x y?>", "processing_instruction"),
                ("<?xml version=\"1.0\"?>", "processing_instruction"),
                ("<![CDATA[]]>", "cdata"),
                ("<![CDATA[x]]>", "cdata"),
                ("<!DOCTYPE x>", "doctype"),
                ("<!ENTITY x 'y'>", "doctype"),
                ("<![INCLUDE[x]]>", "doctype"),
            ] {
                assert_eq!(rule(&cut(&message, value, inserted)), expected, "{value:?} {inserted}");
            }
        }
        for (before, after, expected) in [
            ("<!-- -->", "", "comment"),
            ("", "<!-- -->", "comment"),
            ("<?x y?>", "", "processing_instruction"),
            ("", "<?x y?>", "processing_instruction"),
            ("<!DOCTYPE x>", "", "doctype"),
            ("", "<!DOCTYPE x>", "doctype"),
            ("<![CDATA[ ]]>", "", "cdata"),
            ("", "<![CDATA[ ]]>", "cdata"),
        ] {
            assert_eq!(rule(&format!("{before}{message}{after}")), expected);
        }
    }
}

#[test]
fn sections_that_join_or_split_what_was_signed() {
    // Where sections are allowed, they are the text that canonicalization makes of them, for the digest and the reader alike.
    let relaxed = relaxed(Relaxations::none().allow_cdata());
    let message = with(|f| f.name_id = "<saml:NameID>a &amp; &lt;b&gt; ]]&gt;</saml:NameID>".into());
    let written = "a &amp; &lt;b&gt; ]]&gt;";
    for same in ["<![CDATA[a & <b> ]]]]><![CDATA[>]]>", "a <![CDATA[&]]> &lt;<![CDATA[b>]]><![CDATA[]]> ]]&gt;"] {
        let section = message.replace(written, same);
        assert_eq!(judge_with(&relaxed, &section).unwrap().subject(), "a & <b> ]]>", "{same}");
        assert_eq!(rule(&section), "cdata");
    }
    // In the digest value too, which is part of what the signature covers.
    let sections = message
        .replace("<ds:DigestValue>", "<ds:DigestValue><![CDATA[")
        .replace("</ds:DigestValue>", "]]></ds:DigestValue>");
    assert_eq!(judge_with(&relaxed, &sections).unwrap().subject(), "a & <b> ]]>");
    for (edit, expected) in [
        ("a <![CDATA[&amp;]]> &lt;b&gt; ]]&gt;", "digest"),
        ("<![CDATA[a & <b> ]]&gt;", "well_formed"),
        ("a &amp; &lt;b&gt; ]]&gt;<![CDATA[x]]>", "digest"),
        ("a &amp; &lt;b&gt; ]]&gt;<![CDATA[</saml:NameID><saml:NameID>admin]]>", "digest"),
        ("<![CDATA[]]>", "digest"),
    ] {
        let error = judge_with(&relaxed, &message.replace(written, edit)).unwrap_err();
        assert_eq!(error.rule().name, expected, "{edit}");
    }
    // A comment stays one.
    let comment = message.replace(written, "a<!-- -->b");
    assert_eq!(judge_with(&relaxed, &comment).unwrap_err().rule().name, "comment");
}

#[test]
fn names_that_are_written_one_way_and_read_another() {
    // CVE-2020-29509 to -29511 (Go encoding/xml, found through Mattermost): what is parsed and written again is another
    // document.
    let message = Fields::default().signed_assertion();
    for (from, to) in [
        ("<saml:NameID>", "<saml::NameID>"),
        ("<saml:NameID>", "<:NameID>"),
        ("<saml:NameID>", "<saml:>"),
        ("<saml:NameID>", "<saml:x:NameID>"),
        ("<saml:Subject>", "<saml:Subject :a=\"1\">"),
        ("<saml:Subject>", "<saml:Subject saml:=\"1\">"),
        ("<saml:Subject>", "<saml:Subject a::b=\"1\">"),
        ("<saml:Subject>", "<saml:Subject xmlns:=\"urn:a\">"),
        ("<saml:Subject>", "<saml:Subject xmlns:a:b=\"urn:a\">"),
        ("<saml:Subject>", "<saml:Subject a=1>"),
        ("<saml:Subject>", "<saml:Subject a>"),
        ("<saml:Subject>", "<saml:Subject a=\"<\">"),
        ("<saml:Subject>", "<saml:Subject a=\"1\" a=\"1\">"),
        ("<saml:Subject>", "< saml:Subject>"),
        ("</saml:Subject>", "</ saml:Subject>"),
        ("</saml:Subject>", "</saml:Subject a=\"1\">"),
        ("<saml:Subject>", "<saml:Subject\u{a0}a=\"1\">"),
        ("martha", "mar\u{0}tha"),
        ("martha", "mar&#0;tha"),
        ("martha", "mar\u{8}tha"),
        ("martha", "mar&#8;tha"),
        ("martha", "mar&#xD800;tha"),
        ("martha", "mar&#xFFFE;tha"),
        ("martha", "mar\u{ffff}tha"),
        ("martha", "mar&tha"),
        ("martha", "mar&nbsp;tha"),
        ("martha", "mar]]>tha"),
        ("martha", "mar<tha"),
    ] {
        assert_eq!(rule(&message.replacen(from, to, 1)), "well_formed", "{to}");
    }
    for (from, to) in [
        ("<saml:Subject>", "<saml:Subject xmlns:e=\"urn:e\" xmlns:f=\"urn:e\" e:a=\"1\" f:a=\"2\">"),
        ("<saml:Subject>", "<saml:Subject e:a=\"1\">"),
        ("<saml:NameID>", "<evil:NameID>"),
    ] {
        assert_eq!(rule(&message.replacen(from, to, 1)), "namespaces", "{to}");
    }
}

#[test]
fn other_encodings_of_the_document() {
    // A second decoder is a second document: only UTF-8 is read, whatever the declaration says.
    let message = Fields::default().signed_assertion();
    let honest = format!("\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n{message}\n");
    assert_eq!(judge(&honest).unwrap().subject(), "martha");
    for declared in ["ISO-8859-1", "UTF-16", "UTF-7", "utf-8 ", "IBM037"] {
        assert_eq!(rule(&format!("<?xml version=\"1.0\" encoding=\"{declared}\"?>{message}")), "well_formed");
    }
    assert_eq!(rule(&format!("<?xml version=\"1.1\"?>{message}")), "well_formed");
    assert_eq!(rule(&format!("\u{feff}\u{feff}{message}")), "well_formed");
    assert_eq!(rule(&format!(" <?xml version=\"1.0\"?>{message}")), "processing_instruction");
    let bytes = |bytes: &[u8]| judge_bytes(bytes).unwrap_err().rule().name;
    let utf_16: Vec<u8> = message.encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(bytes(&[&[0xff, 0xfe], &utf_16[..]].concat()), "encoding");
    assert_eq!(bytes(&utf_16), "well_formed");
    // An overlong form of `<`, a lone surrogate, and Latin-1.
    for invalid in [&[0xc0, 0xbc][..], &[0xed, 0xa0, 0x80], &[0xe9]] {
        let (before, after) = message.split_once("martha").unwrap();
        assert_eq!(bytes(&[before.as_bytes(), invalid, after.as_bytes()].concat()), "encoding");
    }
}

#[test]
fn white_space_around_values_is_no_second_identity() {
    // Prefix and trimming comparisons: what is signed is what is handed out, to the space.
    for name in ["admin ", " admin", "admin\u{a0}", "admin\u{200b}", "ADMIN", "\u{430}dmin", "admin\u{0301}"] {
        let identity = judge(&with(|f| f.name_id = format!("<saml:NameID>{name}</saml:NameID>"))).unwrap();
        assert_eq!(identity.subject(), name);
        assert_ne!(identity.subject(), "admin");
    }
}

#[test]
fn white_space_that_is_none_to_xml() {
    // What Unicode calls white space is trimmed by most languages' libraries, and is another name to the identity provider.
    for space in ["\u{a0}", "\u{2003}", "\u{200b}", "\u{3000}", "\u{85}", "\u{feff}"] {
        let padded = |text: &str| format!("{text}{space}");
        assert_eq!(rule(&with(|f| f.conditions = f.conditions.replace(SP, &padded(SP)))), "audience", "{space:?}");
        assert_eq!(rule(&with(|f| f.issuer = f.issuer.replace(IDP, &padded(IDP)))), "issuer", "{space:?}");
        let of_response = |f: &mut Fields| f.response_issuer = f.response_issuer.replace(IDP, &padded(IDP));
        assert_eq!(rule(&with(of_response)), "response_issuer", "{space:?}");
    }
}
