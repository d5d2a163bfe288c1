//! Signed requests, in the text form of HTTP. The first byte says what the rest is: a request as it comes, edits of an honest
//! one by somebody who saw it on its way, or a body behind the honest head of an upload in chunks. A finding: anything
//! accepted that the client of the harness did not sign, or whose body is not the one it sent.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use daypass::AuthenticatedRequest;

use crate::edits::Choices;
use crate::signer::{ACCESS_KEY_ID, DATE, REGIONS, TOKEN, Version, scope, sha256, sign, sign_request, verdict};

const MOST_EDITS: usize = 6;
const BODY: &str = "meow meow";
/// Services that are asked about everything.
const SERVICES: [&str; 3] = ["s3", "reports", "sts"];
/// The first byte of a body behind an honest head in signed chunks, and in unsigned ones.
pub const SIGNED_CHUNKS: u8 = 254;
/// See [`SIGNED_CHUNKS`].
pub const UNSIGNED_CHUNKS: u8 = 255;
/// See [`SIGNED_CHUNKS`]: in those of Signature Version 4A.
pub const ECDSA_CHUNKS: u8 = 253;

/// An honest request: what it is sent to, and its text.
pub struct Honest {
    /// The service it is signed for.
    pub service: &'static str,
    /// Head and body.
    pub text: String,
    /// The signature in it.
    signature: String,
    /// Whether its body is signed at all.
    signs_body: bool,
}

/// Honest requests of every form.
pub static HONEST: LazyLock<Vec<Honest>> = LazyLock::new(|| {
    vec![
        in_header(Version::V4, "reports", None, BODY),
        in_header(Version::V4, "s3", Some(&sha256(BODY)), BODY),
        in_header(Version::V4, "reports", Some(&sha256(BODY)), BODY),
        in_query(Version::V4, "reports"),
        in_query(Version::V4, "s3"),
        chunked(Version::V4, SIGNED),
        chunked(Version::V4, UNSIGNED),
        in_header(Version::V4a, "reports", None, BODY),
        in_header(Version::V4a, "s3", Some(&sha256(BODY)), BODY),
        in_query(Version::V4a, "reports"),
        in_query(Version::V4a, "s3"),
        chunked(Version::V4a, ECDSA_SIGNED),
    ]
});

const ECDSA_SIGNED: &str = "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER";
const SIGNED: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
const UNSIGNED: &str = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

/// Judges the request in `data`.
pub fn target(data: &[u8]) {
    let [mode, rest @ ..] = data else { return };
    match *mode {
        0 => {
            for service in SERVICES {
                if let Ok(accepted) = verdict(service, rest) {
                    let text = String::from_utf8_lossy(rest);
                    let signed = HONEST.iter().find(|honest| text.contains(&honest.signature));
                    confirm(signed.expect("somebody who signed it"), &accepted);
                }
            }
        }
        SIGNED_CHUNKS => behind(&HONEST[5], rest),
        UNSIGNED_CHUNKS => behind(&HONEST[6], rest),
        ECDSA_CHUNKS => behind(&HONEST[11], rest),
        chosen => {
            let honest = &HONEST[usize::from(chosen - 1) % HONEST.len()];
            let edited = edited(honest.text.as_bytes(), rest);
            if let Ok(accepted) = verdict(honest.service, &edited) {
                confirm(honest, &accepted);
            }
        }
    }
}

/// A body of anybody's behind an honest head.
fn behind(honest: &Honest, body: &[u8]) {
    let (head, _) = honest.text.split_once("\n\n").expect("a head");
    let message = [head.as_bytes(), b"\n\n", body].concat();
    if let Ok(accepted) = verdict(honest.service, &message) {
        if honest.signs_body {
            assert_eq!(accepted.body(), BODY.as_bytes());
        } else {
            assert_eq!(accepted.body(), unframed(body).expect("a body that a second reader can read"));
        }
    }
}

/// Panics unless what was accepted means what was signed.
fn confirm(honest: &Honest, accepted: &AuthenticatedRequest) {
    let original = verdict(honest.service, honest.text.as_bytes()).expect("an honest request");
    let (one, other) = (original.head(), accepted.head());
    assert_eq!(one.method(), other.method());
    assert_eq!(segments(honest.service, one.path()), segments(honest.service, other.path()));
    assert_eq!(parameters(one.query()), parameters(other.query()));
    assert_eq!(accepted.access_key_id().as_str(), ACCESS_KEY_ID);
    for name in original.authorization().signed_headers().split(';') {
        let values = |request: &AuthenticatedRequest| {
            let joined = request.head().headers().all(name).map(<[u8]>::to_vec).collect::<Vec<_>>().join(&b","[..]);
            let joined = String::from_utf8_lossy(&joined).into_owned();
            // Spaces may be many, where they are within, around, or divide values.
            joined.split_ascii_whitespace().collect::<Vec<_>>().join(" ").replace(", ", ",").replace(" ,", ",")
        };
        assert_eq!(values(&original), values(accepted), "{name}");
    }
    if honest.signs_body {
        assert_eq!(original.body(), accepted.body());
        assert_eq!(original.trailers(), accepted.trailers());
    }
}

/// The decoded path, and outside of S3 without dot segments and empty ones.
fn segments(service: &str, path: &str) -> Vec<Vec<u8>> {
    let mut read: Vec<Vec<u8>> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." if service != "s3" => {}
            ".." if service != "s3" => drop(read.pop()),
            _ if service == "s3" => read.push(decoded(segment, false)),
            _ => read.push(segment.as_bytes().to_vec()),
        }
    }
    if service != "s3"
        && path.rsplit('/').next().is_some_and(|last| ["", ".", ".."].contains(&last))
        && !read.is_empty()
    {
        read.push(Vec::new());
    }
    read
}

fn parameters(query: &str) -> BTreeSet<(Vec<u8>, Vec<u8>)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name, true), decoded(value, true)))
        .collect()
}

fn decoded(text: &str, plus: bool) -> Vec<u8> {
    let bytes = text.as_bytes();
    let (mut read, mut at) = (Vec::new(), 0);
    while let Some(byte) = bytes.get(at) {
        let digits = bytes.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        let plain = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match (byte, plain.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(value)) => (read.push(value), at += 2).0,
            (b'+', _) if plus => read.push(b' '),
            (byte, _) => read.push(*byte),
        }
        at += 1;
    }
    read
}

/// The data of unsigned chunks, read in the simplest way.
fn unframed(mut body: &[u8]) -> Option<Vec<u8>> {
    let mut data = Vec::new();
    loop {
        let end = body.windows(2).position(|pair| pair == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&body[..end]).ok()?, 16).ok()?;
        body = &body[end + 2..];
        if size == 0 {
            return Some(data);
        }
        data.extend_from_slice(body.get(..size)?);
        body = body.get(size + 2..)?;
    }
}

/// What somebody who holds a request can do to it.
fn edited(text: &[u8], bytes: &[u8]) -> Vec<u8> {
    const PIECES: [&str; 20] = [
        "UNSIGNED-PAYLOAD",
        "host:evil\n",
        "x-amz-acl:public-read\n",
        "&X-Amz-Expires=604800",
        "%2F",
        "/",
        "..",
        "&a=b",
        ",",
        ";x",
        "0\r\n\r\n",
        "\r\n",
        " ",
        "%00",
        "+",
        "x-amz-date:20270115T080001Z\n",
        "x-amz-region-set:*\n",
        "&X-Amz-Region-Set=%2A",
        "AWS4-ECDSA-P256-SHA256",
        "****",
    ];
    let (mut text, mut choices, mut edits) = (text.to_vec(), Choices::new(bytes), 0);
    while !choices.spent() && edits < MOST_EDITS {
        edits += 1;
        let at = choices.index(text.len());
        let end = (at + usize::from(choices.byte())).min(text.len());
        match choices.byte() % 6 {
            0 => drop(text.drain(at..end)),
            1 => drop(text.splice(at..at, choices.short().to_vec())),
            2 => drop(text.splice(at..at, choices.one_of(&PIECES).bytes())),
            3 => drop(text.splice(at..at, text[at..end].to_vec())),
            4 => text[at..end].make_ascii_uppercase(),
            _ => {
                let piece: Vec<u8> = text.drain(at..end).collect();
                let to = choices.index(text.len() + 1);
                drop(text.splice(to..to, piece));
            }
        }
    }
    text
}

fn authorization(version: Version, service: &str, signed_headers: &str, signature: &str) -> String {
    format!(
        "authorization: {} Credential={ACCESS_KEY_ID}/{}, SignedHeaders={signed_headers}, Signature={signature}",
        version.algorithm(),
        scope(version, service)
    )
}

/// The line and the name of the header that names regions, where the version has it.
fn regions(version: Version) -> (String, &'static str) {
    match version {
        Version::V4 => (String::new(), ""),
        Version::V4a => (format!("x-amz-region-set:{REGIONS}\n"), "x-amz-region-set;"),
    }
}

fn in_header(version: Version, service: &'static str, declared: Option<&str>, body: &str) -> Honest {
    let declaration = declared.map(|declared| format!("x-amz-content-sha256:{declared}\n")).unwrap_or_default();
    let (regions, named) = regions(version);
    let headers = format!(
        "host:h.example\n{declaration}x-amz-date:{DATE}\nx-amz-meta-a:b c\n{regions}x-amz-security-token:{}\n",
        *TOKEN
    );
    let list = if declared.is_some() { ";x-amz-content-sha256" } else { "" };
    let list = format!("host{list};x-amz-date;x-amz-meta-a;{named}x-amz-security-token");
    let digest = declared.map_or_else(|| sha256(body), str::to_owned);
    let canonical = format!("PUT\n/a/b\nx=1&y=\n{headers}\n{list}\n{digest}");
    let signature = sign_request(version, service, &canonical);
    let authorization = authorization(version, service, &list, &signature);
    let text = format!("PUT /a/b?y&x=1 HTTP/1.1\n{headers}{authorization}\n\n{body}");
    Honest { service, text, signature, signs_body: true }
}

fn in_query(version: Version, service: &'static str) -> Honest {
    let credential = format!("{ACCESS_KEY_ID}/{}", scope(version, service)).replace('/', "%2F");
    let regions = match version {
        Version::V4 => String::new(),
        Version::V4a => format!("&X-Amz-Region-Set={}", REGIONS.replace('*', "%2A").replace(',', "%2C")),
    };
    let query = format!(
        "X-Amz-Algorithm={}&X-Amz-Credential={credential}&X-Amz-Date={DATE}&X-Amz-Expires=60{regions}&X-Amz-Security-Token={}&X-Amz-SignedHeaders=host&x=1",
        version.algorithm(),
        *TOKEN
    );
    let payload = if service == "s3" { "UNSIGNED-PAYLOAD".to_owned() } else { sha256(BODY) };
    let canonical = format!("PUT\n/a/b\n{query}\nhost:h.example\n\nhost\n{payload}");
    let signature = sign_request(version, service, &canonical);
    let text = format!("PUT /a/b?{query}&X-Amz-Signature={signature} HTTP/1.1\nhost:h.example\n\n{BODY}");
    Honest { service, text, signature, signs_body: service != "s3" }
}

fn chunked(version: Version, payload: &'static str) -> Honest {
    let (regions, named) = regions(version);
    let headers = format!(
        "host:h.example\nx-amz-content-sha256:{payload}\nx-amz-date:{DATE}\nx-amz-decoded-content-length:{}\n{regions}x-amz-security-token:{}\nx-amz-trailer:x-amz-checksum-crc32\n",
        BODY.len(),
        *TOKEN
    );
    let list = format!(
        "host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;{named}x-amz-security-token;x-amz-trailer"
    );
    let canonical = format!("PUT\n/a\n\n{headers}\n{list}\n{payload}");
    let signature = sign_request(version, "s3", &canonical);
    let authorization = authorization(version, "s3", &list, &signature);
    let text = format!("PUT /a HTTP/1.1\n{headers}{authorization}\n\n{}", chunks(version, payload, &signature));
    Honest { service: "s3", text, signature, signs_body: payload != UNSIGNED }
}

/// The body in two chunks, or in one where two were too small, with a trailer.
fn chunks(version: Version, payload: &str, seed: &str) -> String {
    const TRAILER: &str = "x-amz-checksum-crc32:AAAAAA==";
    let (mut body, mut previous) = (String::new(), seed.to_owned());
    let link = |kind: &str, previous: &str, what: &str| {
        let (algorithm, scope) = (version.algorithm(), scope(version, "s3"));
        sign(version, "s3", &format!("{algorithm}-{kind}\n{DATE}\n{scope}\n{previous}\n{what}"))
    };
    let width = if version == Version::V4 { 64 } else { 144 };
    let whole: &[&str] = if version == Version::V4 { &["meow ", "meow", ""] } else { &[BODY, ""] };
    for chunk in whole {
        if payload != UNSIGNED {
            previous = link("PAYLOAD", &previous, &format!("{}\n{}", sha256(""), sha256(chunk)));
            body.push_str(&format!("{:x};chunk-signature={previous:*<width$}\r\n", chunk.len()));
        } else {
            body.push_str(&format!("{:x}\r\n", chunk.len()));
        }
        if !chunk.is_empty() {
            body.push_str(&format!("{chunk}\r\n"));
        }
    }
    body.push_str(&format!("{TRAILER}\r\n"));
    if payload != UNSIGNED {
        let signature = link("TRAILER", &previous, &sha256(format!("{TRAILER}\n")));
        body.push_str(&format!("x-amz-trailer-signature:{signature:*<width$}\r\n"));
    }
    body + "\r\n"
}
