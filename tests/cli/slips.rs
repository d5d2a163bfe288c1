//! Documents with the slips that people's editors and other languages leave in them.

use crate::{Folder, run};

const WHOLE: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#;

/// What stands in the second line of a document, where it goes wrong, and what is said of it.
const INSIDE: [(&str, &str); 16] = [
    (
        "\"Statement\": [],",
        ":2:18: expected a key in double quotes, found a closing brace: the comma before it is one too many",
    ),
    ("\"Statement\": [1, ]", ":2:19: expected a value, found a closing bracket: the comma before it is one too many"),
    ("'Statement': []", ":2:2: expected a key in double quotes, found a single quote: JSON puts text in double quotes"),
    ("// all\n \"Statement\": []", ":2:2: expected a key in double quotes, found a comment: JSON has none"),
    ("\"Statement\": [/* none */]", ":2:16: expected a value, found a comment: JSON has none"),
    ("# all\n \"Statement\": []", ":2:2: expected a key in double quotes, found a comment: JSON has none"),
    ("\"Id\": \"a\", \"Id\": \"b\"", ":2:13: the key \"Id\" is given twice in one object; expected each key once"),
    ("\"Statement\": NaN", ":2:15: expected a value, found a number that JSON cannot write: only digits are numbers"),
    (
        "\"Statement\": -Infinity",
        ":2:16: expected a digit, found a number that JSON cannot write: only digits are numbers",
    ),
    ("\"Statement\": None", ":2:15: expected a value, found a word in capitals: JSON writes true, false and null"),
    ("Statement: []", ":2:2: expected a key in double quotes, found a word without double quotes"),
    ("\"Id\" \"a\"", ":2:7: expected a colon, found text in double quotes: something is missing before it"),
    (
        "\"Id\": \"a\" \"Statement\": []",
        ":2:12: expected a comma or a closing brace, found text in double quotes: something is missing before it",
    ),
    (
        "\"Id\": \"a\nb\"",
        ":2:10: expected no unescaped control character in a string, found a line end inside of text: write \\n, or close the double quotes before it",
    ),
    ("\"Id\": \"\\d\"", ":2:10: expected an escape of RFC 8259, section 7"),
    (
        "\u{201c}Statement\u{201d}: []",
        ":2:2: '“' (U+201C) may not stand here unescaped: a typographic quote: JSON takes the plain double quote",
    ),
];

fn verify_told(folder: &Folder, text: impl AsRef<[u8]>, expected: &str) {
    let file = folder.file("slip.json", text);
    let checked = run(&["policy", "check", "--kind", "identity", &file]);
    assert_eq!(checked.code, 1, "{checked:?}");
    assert!(checked.out.starts_with(&format!("not valid {file}{expected} (")), "{}", checked.out);
    let asked = ["policy", "evaluate", "--principal", "arn:aws:iam::111111111111:user/ada", "--action", "s3:GetObject"];
    let evaluated = run(&[&asked[..], &["--identity-policy", &file]].concat());
    evaluated.refused_as_usage(&format!("{file}{expected}"));
}

/// Each slip has its place, what was expected, and what is there.
#[test]
fn a_slip_is_named_in_words_that_its_author_knows() {
    let folder = Folder::new("policy-slips");
    for (rest, expected) in INSIDE {
        verify_told(&folder, format!("{{\"Version\": \"2012-10-17\",\n {rest}}}"), expected);
    }
}

#[test]
fn a_document_that_is_none_is_told_from_one_with_a_slip() {
    let folder = Folder::new("policy-none");
    for (text, expected) in [
        (
            format!("\u{feff}{WHOLE}"),
            ":1:1: '\\u{feff}' (U+FEFF) may not stand here unescaped: a byte order mark: save the file as UTF-8 without one",
        ),
        (
            "{\"Statement\": [".to_owned(),
            ":1:16: expected a value, found the end of the document: something is not closed",
        ),
        (" \n".to_owned(), ":2:1: expected a value, found nothing: the document is empty"),
        (format!("{WHOLE}\n{WHOLE}"), ":2:1: expected the end of the document, found an opening brace"),
        ("Version: 2012-10-17\n".to_owned(), ":1:1: expected a value, found a word without double quotes"),
        (
            "\0{".to_owned(),
            ":1:1: '\\0' (U+0000) may not stand here unescaped: a zero byte: the file may be UTF-16; save it as UTF-8",
        ),
    ] {
        verify_told(&folder, text, expected);
    }
}

#[test]
fn a_file_of_another_encoding_is_named() {
    let folder = Folder::new("policy-encodings");
    let units =
        |order: fn(u16) -> [u8; 2]| -> Vec<u8> { format!("\u{feff}{WHOLE}").encode_utf16().flat_map(order).collect() };
    let utf16 =
        ":1:1: not UTF-8: this is UTF-16, which some editors call Unicode; expected text that is saved as UTF-8";
    let latin1 =
        ":2:4: not UTF-8: the byte here is of another encoding, such as Latin-1; expected text that is saved as UTF-8";
    for (bytes, expected) in [
        (units(u16::to_le_bytes), utf16),
        (units(u16::to_be_bytes), utf16),
        (b"{\n \"\xc3\xa9\xe9\": 1}".to_vec(), latin1),
    ] {
        let file = folder.file("other.json", bytes);
        run(&["policy", "check", "--kind", "identity", &file]).refused_as_usage(&format!("{file}{expected}"));
    }
}
