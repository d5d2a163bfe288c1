//! Writing XML: values in, markup that parsers read back as those values out.

/// Writes ` name="value"`.
pub(super) fn attribute(xml: &mut String, name: &str, value: &str) {
    xml.push(' ');
    xml.push_str(name);
    xml.push_str("=\"");
    escape(xml, value);
    xml.push('"');
}

/// Writes ` name="value"` when there is a value.
pub(super) fn optional_attribute(xml: &mut String, name: &str, value: Option<&str>) {
    if let Some(value) = value {
        attribute(xml, name, value);
    }
}

/// Writes an element that holds `text` alone.
pub(super) fn leaf(xml: &mut String, name: &str, text: &str) {
    xml.push('<');
    xml.push_str(name);
    xml.push('>');
    escape(xml, text);
    xml.push_str("</");
    xml.push_str(name);
    xml.push('>');
}

/// Writes `text` so that it is one attribute value or text node and nothing else. White space that a parser would replace
/// is written as references (xml 2.11, 3.3.3).
pub(super) fn escape(xml: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&apos;"),
            '\t' => xml.push_str("&#x9;"),
            '\n' => xml.push_str("&#xA;"),
            '\r' => xml.push_str("&#xD;"),
            _ => xml.push(c),
        }
    }
}
