//! In which form an answer is written: XML, unless the caller asks for JSON (RFC 9110, 12.5.1).

use axum::http::{HeaderMap, header};

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Representation {
    /// `text/xml`, which the service models describe.
    Xml,
    /// `application/json`.
    Json,
}

impl Representation {
    /// The form that the caller prefers: JSON where `application/json` is named and nothing says that XML is as welcome.
    pub(super) fn preferred(headers: &HeaderMap) -> Self {
        let (mut json, mut xml, mut subtypes, mut anything) = (0, None, None, None);
        let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
        for range in values.flat_map(|value| value.split(',')) {
            let mut parts = range.split(';').map(str::trim);
            let name = parts.next().unwrap_or_default().to_ascii_lowercase();
            let quality = quality(parts);
            match name.as_str() {
                "application/json" => json = json.max(quality),
                "text/xml" | "application/xml" => xml = xml.max(Some(quality)),
                "text/*" | "application/*" => subtypes = subtypes.max(Some(quality)),
                "*/*" => anything = anything.max(Some(quality)),
                _ => {}
            }
        }
        // The most specific range that speaks of XML is the one that counts.
        if json > xml.or(subtypes).or(anything).unwrap_or(0) { Self::Json } else { Self::Xml }
    }

    /// The media type.
    pub(super) const fn media_type(self) -> &'static str {
        match self {
            Self::Xml => "text/xml",
            Self::Json => "application/json",
        }
    }
}

/// The parameter `q` in thousandths, 1,000 without one; what cannot be read is none.
fn quality<'p>(parameters: impl Iterator<Item = &'p str>) -> u16 {
    let pairs = parameters.filter_map(|parameter| parameter.split_once('='));
    let given = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("q")).map(|(_, value)| value.trim()).next();
    let Some(given) = given else { return 1000 };
    let (whole, fraction) = given.split_once('.').unwrap_or((given, ""));
    let thousandths = format!("{fraction:0<3}").parse::<u16>();
    match (whole, thousandths) {
        ("1", Ok(0)) => 1000,
        ("0", Ok(thousandths)) if fraction.len() <= 3 => thousandths,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn preferred(values: &[&str]) -> Representation {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::ACCEPT, HeaderValue::from_str(value).unwrap());
        }
        Representation::preferred(&headers)
    }

    #[test]
    fn json_is_written_where_it_is_asked_for_alone_or_before_xml() {
        for values in [
            &["application/json"][..],
            &["Application/JSON; charset=utf-8"],
            &["application/json", "text/plain"],
            &["application/json, */*;q=0.8"],
            &["application/json;q=0.9,text/xml;q=0.5"],
            &["text/xml;q=0, application/json;q=0.1, */*"],
        ] {
            assert_eq!(preferred(values), Representation::Json, "{values:?}");
        }
    }

    #[test]
    fn xml_is_written_in_every_other_case() {
        for values in [
            &[][..],
            &["*/*"],
            &["application/*"],
            &["text/html, application/xhtml+xml"],
            &["application/json, text/plain, */*"],
            &["application/json, text/xml"],
            &["application/json;q=0.5, application/xml"],
            &["application/json;q=0"],
            &["application/json;q=2"],
            &["application/json;q=x"],
            &["application/json;q=0.12345"],
            &["application/x-amz-json-1.1"],
        ] {
            assert_eq!(preferred(values), Representation::Xml, "{values:?}");
        }
    }
}
