//! What somebody who holds a signed message can do to it: a few bytes choose each edit.

use crate::idp::{self, STRANGER};

/// Bytes that are used up one after another; zeros follow the last.
pub struct Choices<'b>(&'b [u8]);

impl<'b> Choices<'b> {
    /// Choices made by `bytes`.
    pub const fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    /// Whether every byte is used up.
    pub const fn spent(&self) -> bool {
        self.0.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// One of `all`.
    pub fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[usize::from(self.byte()) % all.len()].clone()
    }

    /// A place below `below`.
    pub fn index(&mut self, below: usize) -> usize {
        if below == 0 { 0 } else { (usize::from(self.byte()) << 8 | usize::from(self.byte())) % below }
    }

    /// A few of the bytes themselves.
    pub fn short(&mut self) -> &'b [u8] {
        let length = usize::from(self.byte() % 24).min(self.0.len());
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }
}

/// Where one element stands: its start tag, and all of it.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    tag_end: usize,
    end: usize,
}

/// The elements of `text`, as well as a look for angle brackets finds them.
fn spans(text: &str) -> Vec<Span> {
    let (mut open, mut found): (Vec<usize>, Vec<Span>) = (Vec::new(), Vec::new());
    let mut at = 0;
    while let Some(start) = text[at..].find('<').map(|offset| at + offset) {
        let Some(end) = text[start..].find('>').map(|offset| start + offset + 1) else { break };
        let tag = &text[start..end];
        if tag.starts_with("</") {
            if let Some(index) = open.pop() {
                found[index].end = end;
            }
        } else if !tag.starts_with("<!") && !tag.starts_with("<?") {
            if !tag.ends_with("/>") {
                open.push(found.len());
            }
            found.push(Span { start, tag_end: end, end });
        }
        at = end;
    }
    found
}

const NAMES: [&str; 14] = [
    "samlp:Response",
    "samlp:Extensions",
    "samlp:Status",
    "saml:Assertion",
    "saml:EncryptedAssertion",
    "saml:Advice",
    "saml:Subject",
    "saml:NameID",
    "saml:AttributeValue",
    "ds:Signature",
    "ds:SignedInfo",
    "ds:Object",
    "ds:KeyInfo",
    "x",
];

const ATTRIBUTES: [&str; 16] = [
    r#"ID="_assertion""#,
    r#"ID="_response""#,
    r#"ID="_evil""#,
    r#"Id="_assertion""#,
    r#"id="_assertion""#,
    r#"xml:id="_assertion""#,
    r#"AssertionID="_assertion""#,
    r#"samlp:ID="_assertion" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol""#,
    r#"xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion""#,
    r#"xmlns:saml="urn:evil""#,
    r#"xmlns="urn:oasis:names:tc:SAML:2.0:assertion""#,
    r#"xmlns="""#,
    r#"xmlns:ds="http://www.w3.org/2000/09/xmldsig#""#,
    r#"xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol""#,
    r#"xmlns:xml="http://www.w3.org/XML/1998/namespace""#,
    r#"Name="mail""#,
];

const SNIPPETS: [&str; 16] = [
    "<!---->",
    "<?x y?>",
    "<![CDATA[mallory]]>",
    "<!DOCTYPE x>",
    "&#109;",
    "&amp;",
    "&#xD;",
    "mallory",
    "\u{feff}",
    "\u{a0}",
    " \n\t",
    "<saml:NameID>mallory</saml:NameID>",
    "<saml:AttributeValue>mallory</saml:AttributeValue>",
    r#"<saml:Attribute Name="mail"><saml:AttributeValue>mallory</saml:AttributeValue></saml:Attribute>"#,
    "<saml:Advice></saml:Advice>",
    "<ds:Object></ds:Object>",
];

const RENAMED: [(&str, &str); 15] = [
    ("https://idp.example/sso", "https://evil.example/sso"),
    ("https://idp.example/metadata", "https://other.example/metadata"),
    ("use=\"signing\"", ""),
    ("martha", "mallory"),
    ("Developers", "Admins"),
    ("_assertion", "_evil"),
    ("_response", "_assertion"),
    ("#_assertion", "#_response"),
    ("#_assertion", ""),
    ("saml:", "samlp:"),
    ("xmlns:saml=", "xmlns:p="),
    ("URI=", "uri="),
    ("2026-06-01T12", "2036-06-01T12"),
    ("></", "> </"),
    ("https://sp.example", "https://evil.example"),
];

/// Makes one edit of `text` as `choices` say.
pub fn edit(text: &mut String, choices: &mut Choices<'_>) {
    let elements = spans(text);
    if elements.is_empty() {
        return;
    }
    let kind = choices.byte() % 11;
    let chosen = elements[choices.index(elements.len())];
    let whole = text[chosen.start..chosen.end].to_owned();
    match kind {
        0 => text.insert_str(boundary(text, &elements, choices), &whole),
        1 => text.replace_range(chosen.start..chosen.end, ""),
        2 => {
            text.replace_range(chosen.start..chosen.end, "");
            let elements = spans(text);
            text.insert_str(boundary(text, &elements, choices), &whole);
        }
        3 => {
            let name = choices.one_of(&NAMES);
            let declared = r#"xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:ds="http://www.w3.org/2000/09/xmldsig#""#;
            text.replace_range(chosen.start..chosen.end, &format!("<{name} {declared}>{whole}</{name}>"));
        }
        4 => {
            let name_end = whole.find([' ', '>', '/']).unwrap_or(1);
            text.insert_str(chosen.start + name_end, &format!(" {}", choices.one_of(&ATTRIBUTES)));
        }
        5 => text.insert_str(boundary(text, &elements, choices), choices.one_of(&SNIPPETS)),
        6 => {
            let (from, to) = choices.one_of(&RENAMED);
            let changed = whole.replacen(from, to, if choices.byte() & 1 == 0 { 1 } else { usize::MAX });
            text.replace_range(chosen.start..chosen.end, &changed);
        }
        7 => {
            let id = choices.one_of(&["_assertion", "_response", "_evil"]);
            text.insert_str(chosen.tag_end, &idp::signature(&whole, id, &STRANGER));
        }
        8 => {
            let id = choices.one_of(&["_evil", "_assertion", "_response", "_metadata", "_all"]);
            let evil = match text.contains("EntityDescriptor") {
                true => idp::metadata_of(idp::IDP, id, "https://evil.example", &STRANGER),
                false => idp::assertion(id, "mallory", ["Admins", "Root"]),
            };
            text.insert_str(boundary(text, &elements, choices), &evil);
        }
        9 => {
            let other = elements[choices.index(elements.len())];
            let (one, two) = if chosen.start <= other.start { (chosen, other) } else { (other, chosen) };
            if one.end <= two.start {
                let (first, second) = (text[one.start..one.end].to_owned(), text[two.start..two.end].to_owned());
                text.replace_range(two.start..two.end, &first);
                text.replace_range(one.start..one.end, &second);
            }
        }
        _ => splice(text, choices),
    }
}

/// Somewhere between two pieces of markup.
fn boundary(text: &str, elements: &[Span], choices: &mut Choices<'_>) -> usize {
    if elements.is_empty() {
        return text.len();
    }
    let chosen = elements[choices.index(elements.len())];
    choices.one_of(&[chosen.start, chosen.tag_end, chosen.end, text[..chosen.end].rfind("</").unwrap_or(chosen.end)])
}

/// Replaces a few bytes anywhere by others.
fn splice(text: &mut String, choices: &mut Choices<'_>) {
    let start = text.floor_char_boundary(choices.index(text.len()));
    let end = text.floor_char_boundary((start + usize::from(choices.byte() % 24)).min(text.len()));
    text.replace_range(start..end.max(start), &String::from_utf8_lossy(choices.short()));
}
