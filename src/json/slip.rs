//! Slips that people make when they write JSON, told by what stands where the grammar wants something else.

/// What stands at the start of `rest`, `before` being everything that was read; empty for what is no usual slip.
pub(super) fn found(before: &str, rest: &str) -> &'static str {
    let Some(first) = rest.chars().next() else {
        let nothing = before.bytes().all(|byte| byte.is_ascii_whitespace());
        return if nothing {
            "nothing: the document is empty"
        } else {
            "the end of the document: something is not closed"
        };
    };
    let after_comma = before.trim_end().ends_with(',');
    match first {
        '}' if after_comma => "a closing brace: the comma before it is one too many",
        ']' if after_comma => "a closing bracket: the comma before it is one too many",
        '{' => "an opening brace",
        '[' => "an opening bracket",
        '}' => "a closing brace",
        ']' => "a closing bracket",
        ':' => "a colon",
        ',' => "a comma with nothing before it",
        '\'' => "a single quote: JSON puts text in double quotes",
        '/' if rest.starts_with("//") || rest.starts_with("/*") => "a comment: JSON has none",
        '#' => "a comment: JSON has none",
        '"' => "text in double quotes: something is missing before it",
        '\n' | '\r' => "a line end inside of text: write \\n, or close the double quotes before it",
        '\t' => "a tab inside of text: write \\t",
        _ => character(first).unwrap_or_else(|| word(rest)),
    }
}

/// Characters that look like others, or like nothing.
pub(crate) const fn character(character: char) -> Option<&'static str> {
    Some(match character {
        '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{2018}' | '\u{2019}' => {
            "a typographic quote: JSON takes the plain double quote"
        }
        '\u{FEFF}' => "a byte order mark: save the file as UTF-8 without one",
        '\0' => "a zero byte: the file may be UTF-16; save it as UTF-8",
        '\u{A0}' | '\u{2007}' | '\u{202F}' => "a no-break space: JSON takes the plain one",
        _ => return None,
    })
}

/// Words of other languages.
fn word(rest: &str) -> &'static str {
    let signless = rest.strip_prefix('-').unwrap_or(rest);
    let length =
        signless.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')).count();
    match signless.get(..length).unwrap_or_default() {
        "" => "",
        "NaN" | "nan" | "Infinity" | "inf" => "a number that JSON cannot write: only digits are numbers",
        "True" | "TRUE" | "False" | "FALSE" | "None" | "Null" | "NULL" => {
            "a word in capitals: JSON writes true, false and null"
        }
        word if word.bytes().all(|byte| byte.is_ascii_digit()) => "",
        _ => "a word without double quotes",
    }
}
