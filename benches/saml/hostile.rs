//! Messages that are made to be dear: each stresses one step between the form value and the refusal.

const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";

/// Hostile messages of about the length of `honest`, a signed one: name and XML.
pub(crate) fn messages(honest: &str) -> Vec<(&'static str, String)> {
    let mut messages = for_the_parser(honest.len() - 300);
    messages.extend(for_canonicalization(honest));
    messages
}

fn response(attributes: &str, inside: &str) -> String {
    format!(r#"<samlp:Response xmlns:samlp="{SAMLP}" ID="_r" Version="2.0" {attributes}>{inside}</samlp:Response>"#)
}

/// Pieces, numbered, up to `bytes` of them.
fn pieces(bytes: usize, piece: impl Fn(usize) -> String) -> String {
    let mut all = String::new();
    for number in 0.. {
        let piece = piece(number);
        if all.len() + piece.len() > bytes {
            break;
        }
        all += &piece;
    }
    all
}

fn each(count: usize, write: impl Fn(usize) -> String) -> String {
    (0..count).map(write).collect()
}

/// Two letters, different for each of the first 64 numbers.
fn letters(number: usize) -> String {
    [b'a' + u8::try_from(number / 8).unwrap(), b'a' + u8::try_from(number % 8).unwrap()]
        .map(char::from)
        .iter()
        .collect()
}

/// Unsigned: refused for its shape once it is parsed.
fn for_the_parser(bytes: usize) -> Vec<(&'static str, String)> {
    let text = |piece: &str| response("", &format!("<a>{}</a>", piece.repeat((bytes - 20) / piece.len())));
    let declared = |from, prefix: &str| each(28, |n| format!("xmlns:{prefix}{0:02}='u:{0:02}' ", from + n));
    // One element declares 32 at most.
    let nested = |prefix: &str, inside: &str| {
        response(&declared(0, prefix), &format!("<b {}>{inside}</b>", declared(28, prefix)))
    };
    let few = declared(0, "p");
    let nodes = |each: usize| (bytes / each).min(19_990);
    let repeated = |piece: &'static str| response("", &piece.repeat(nodes(piece.len())));
    let flood = |name: &dyn Fn(usize) -> String| {
        response("", &pieces(bytes, |_| format!("<a {}/>", each(32, |n| format!("{}='' ", name(n))))))
    };
    let same_name = |_| format!("<a {}/>", each(8, |n| format!("p{n:02}:b='' ")));
    let declarations = |_| format!("<a {}/>", each(32, |n| format!("xmlns:{}='u:v' ", letters(n))));
    vec![
        ("20,000 elements", repeated("<a/>")),
        ("elements and text in turn", response("", &"x<a/>".repeat(nodes(5) / 2))),
        ("32 attributes at every element", flood(&|n| format!("a{n}"))),
        ("32 attributes of one length", flood(&letters)),
        ("32 declarations at every element", response("", &pieces(bytes, declarations))),
        ("56 declarations in scope, each used", nested("p", &each(nodes(40), |n| format!("<p{:02}:a/>", n % 56)))),
        (
            "long prefixes that begin alike",
            nested("aaaaaaaa", &each(nodes(40), |n| format!("<aaaaaaaa{:02}:b/>", n % 2))),
        ),
        (
            "a declaration at every element",
            response(&few, &each(nodes(40), |n| format!("<a xmlns:q{}='u:v'/>", n % 7))),
        ),
        ("prefixed attributes of one name", response(&few, &pieces(bytes - few.len(), same_name))),
        ("many IDs", response("", &pieces(bytes, |n| format!("<a ID='{n}'/>")))),
        ("long IDs that begin alike", response("", &pieces(bytes, |n| format!("<a ID='{}{n}'/>", "x".repeat(30))))),
        ("character references", text("&#9;")),
        ("character references with zeros", text("&#00000000000000000000065;")),
        ("carriage returns", text("\r")),
        ("greater-than signs", text(">")),
        ("characters near U+FFFE", text("\u{f000}")),
        ("ampersands", text("&")),
        ("quotes in an attribute", response("", &format!("<a b='{}'/>", "\"".repeat(bytes - 20)))),
        ("spaces in a tag", response("", &format!("<a{}/>", " ".repeat(bytes - 20)))),
        ("deep elements", response("", &pieces(bytes, |_| "<a>".repeat(23) + &"</a>".repeat(23)))),
        ("elements that are too deep", response("", &"<a>".repeat(bytes / 3))),
        ("one long name", response("", &format!("<{0}></{0}>", "n".repeat(bytes / 2 - 20)))),
        ("names beyond ASCII", repeated("<\u{e9}\u{e9}\u{e9}/>")),
        ("words of an XML declaration", format!("<?xml {} ?><a/>", "x ".repeat(bytes / 2))),
    ]
}

/// A true SignedInfo with its true signature, and another assertion around it: refused for its digest at the latest.
fn for_canonicalization(honest: &str) -> Vec<(&'static str, String)> {
    let (before, rest) = honest.split_once("<saml:Subject>").unwrap();
    let (_, after) = rest.split_once("</saml:Assertion>").unwrap();
    let forged = |inside: &str| format!("{before}{inside}</saml:Assertion>{after}");
    let bytes = honest.len().saturating_sub(before.len() + after.len() + 40);
    let nodes = |each: usize| (bytes / each).min(15_000);
    let name = |end| format!("u:{}{end}", "x".repeat(480));
    let unordered = |_| format!("<a {}/>", each(32, |n| format!("a{:02}='' ", 31 - n)));
    let of_two = |_| format!("<a {}/>", each(4, |n| format!("p:a{0:02}='' q:a{0:02}='' ", 3 - n)));
    vec![
        ("forged: 15,000 elements", forged(&"<a/>".repeat(nodes(4)))),
        (
            "forged: a long namespace at every element",
            forged(&format!("<a xmlns:p='{}'>{}</a>", name(1), "<p:b/>".repeat(nodes(6) - 100))),
        ),
        ("forged: a prefix that changes its meaning", forged(&pieces(bytes, |n| format!("<p:a xmlns:p='u:{n}'/>")))),
        ("forged: attributes in the wrong order", forged(&pieces(bytes, unordered))),
        (
            "forged: attributes of two long namespaces",
            forged(&format!("<a xmlns:p='{}' xmlns:q='{}'>{}</a>", name(1), name(2), pieces(bytes - 1_050, of_two))),
        ),
        ("forged: characters to escape", forged(&format!("<a>{}</a>", ">".repeat(bytes - 20)))),
        (
            "forged: assertions in Advice",
            forged(&format!("<saml:Advice>{}</saml:Advice>", "<saml:Assertion/>".repeat(nodes(17) - 4))),
        ),
        (
            "forged: attributes of the person",
            forged(&format!(
                "<saml:AttributeStatement>{}</saml:AttributeStatement>",
                pieces(bytes - 60, |n| format!("<saml:Attribute Name='{n}'/>"))
            )),
        ),
    ]
}
