//! Mapping documents. The input is a document and, behind a byte 0xff that none holds, attributes of the person one a line:
//! `Name=value`. A finding: a role that the document does not give, be it by a captured name that brings more into an ARN
//! than a name, or by what the provider says in the cloud's own attributes where they count for nothing.

use daypass::session::Mapping;

use crate::idp::{self, TRUSTED};
use crate::judge::{Judge, in_time};

/// The provider's word for a role that no document gives.
const ROLE: &str = "https://aws.amazon.com/SAML/Attributes/Role";
const ELSEWHERE: &str = "arn:aws:iam::999999999999:role/Elsewhere,arn:aws:iam::999999999999:saml-provider/corp";

/// Applies the document in `data` to the person it describes.
pub fn target(data: &[u8]) {
    let (document, attributes) = match data.iter().position(|byte| *byte == 0xff) {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, [].as_slice()),
    };
    let (Ok(document), Ok(attributes)) = (std::str::from_utf8(document), std::str::from_utf8(attributes)) else {
        return;
    };
    let mapping = match in_time(data, || Mapping::parse(document)) {
        Ok(mapping) => mapping,
        Err(error) => {
            let _ = (error.to_string(), error.reason());
            return;
        }
    };
    let _ = mapping.findings().iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut all: Vec<(&str, &str)> = attributes.lines().filter_map(|line| line.split_once('=')).collect();
    all.push((ROLE, ELSEWHERE));
    let assertion = idp::assertion_saying(&all);
    let response = idp::response(&idp::sign(&assertion, "_assertion", &TRUSTED));
    let Ok(identity) = Judge::Strict.verdict(response.as_bytes()) else { return };
    let applied = in_time(data, || mapping.apply(&identity));
    let explained = mapping.explain(&identity);
    assert_eq!(explained.request, applied, "explaining changed the outcome");
    let _ = explained.to_string();
    let Ok(request) = applied else { return };
    for pair in request.roles.iter().flatten() {
        let role = pair.role.as_str();
        if role.contains("999999999999")
            && (document.contains("merge") || document.contains('9') || attributes.contains('9'))
        {
            continue;
        }
        let account = role.split(':').nth(4).unwrap_or_default();
        assert!(account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()), "{role}");
        let (path, name) = role.rsplit_once('/').expect("a role has a name");
        assert!((1..=64).contains(&name.len()), "{role}");
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte)), "{role}");
        // Where the document is written without escapes, everything but account and name stands in it.
        if !document.contains('\\') {
            let (before, after) = path.split_once(account).expect("its account");
            assert!(document.contains(before) && document.contains(after), "{role}");
            assert!(document.contains(account) || attributes.contains(account), "{role}");
        }
    }
}
