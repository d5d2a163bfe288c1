//! The public test suites of Signature Version 4 and 4A, step by step: what is read, the canonical request, the string to sign,
//! the signature; signed in the header and presigned.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::{env, fs};

use daypass::credentials::{LongTermKey, ScopedSigningKey, SecretAccessKey};
use daypass::crypto::{hex, sha256_hex};
use daypass::request::canonical::{Form, canonical_request, string_to_sign};
use daypass::request::{Authorization, SignedRequest, authorization};
use daypass::time::Timestamp;

fn vectors(suite: &str) -> Option<PathBuf> {
    let root = env::var_os("DAYPASS_VECTORS")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors"), PathBuf::from);
    let suite = root.join(suite);
    suite.is_dir().then_some(suite)
}

struct Case {
    folder: PathBuf,
    name: String,
    context: serde_json::Value,
}

impl Case {
    fn text(&self, name: &str) -> String {
        let path = self.folder.join(name);
        fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
            .replace("\r\n", "\n")
            .trim_end_matches('\n')
            .to_owned()
    }

    /// A request of the suite in today's HTTP: folded header lines joined (RFC 9112, 5.2), and no line ends as a body.
    fn request(&self, name: &str) -> (SignedRequest, String) {
        let text = self.text(name);
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut unfolded = String::new();
        for line in head.lines() {
            if line.starts_with(' ') {
                unfolded.push(' ');
                unfolded.push_str(line.trim());
            } else {
                unfolded.push_str(if unfolded.is_empty() { "" } else { "\n" });
                unfolded.push_str(line);
            }
        }
        let message = format!("{unfolded}\n\n{body}");
        let request = SignedRequest::parse(message.as_bytes())
            .unwrap_or_else(|error| panic!("{} {name}: {}", self.name, error.reason()));
        (request, body.to_owned())
    }

    fn form(&self) -> Form {
        let form = if self.context["normalize"] == true { Form::STANDARD } else { Form::S3 };
        if self.context["omit_session_token"] == true { form.without_session_token() } else { form }
    }

    /// The steps that both versions have, of one way of signing, `header` or `query`: what is read, and what is signed.
    fn signed_text(&self, way: &str) -> (Authorization, String) {
        let (request, body) = self.request(&format!("{way}-signed-request.txt"));
        let claimed = authorization::parse(request.head())
            .unwrap_or_else(|error| panic!("{} {way}: {}", self.name, error.reason()));
        assert_eq!(claimed.access_key_id().as_str(), self.context["credentials"]["access_key_id"]);
        assert_eq!(claimed.service(), self.context["service"]);
        assert_eq!(claimed.region(), self.context["region"].as_str());

        let canonical =
            canonical_request(request.head(), claimed.signed_headers(), self.form(), &sha256_hex(body.as_bytes()));
        assert_eq!(
            String::from_utf8(canonical.clone()).unwrap(),
            self.text(&format!("{way}-canonical-request.txt")),
            "{} {way}: canonical request",
            self.name
        );
        let to_sign = string_to_sign(&claimed, &canonical);
        assert_eq!(to_sign, self.text(&format!("{way}-string-to-sign.txt")), "{} {way}: string to sign", self.name);
        (claimed, to_sign)
    }

    fn secret(&self) -> SecretAccessKey {
        SecretAccessKey::new(self.context["credentials"]["secret_access_key"].as_str().unwrap().to_owned())
    }

    fn run(&self, way: &str) {
        let (claimed, to_sign) = self.signed_text(way);
        let key = ScopedSigningKey::derive(&self.secret(), claimed.credential_scope().unwrap());
        assert_eq!(
            hex(&key.mac_key().sign(to_sign.as_bytes())),
            self.text(&format!("{way}-signature.txt")),
            "{} {way}: signature",
            self.name
        );
    }

    /// Each run of the suite's signer gave another signature, so that two are published: alone, and in the request.
    fn run_asymmetric(&self, way: &str) {
        let (claimed, to_sign) = self.signed_text(way);
        let key = LongTermKey::new(claimed.access_key_id().clone(), self.secret(), Timestamp::EPOCH);
        let key = key.public_key().unwrap();
        let alone = self.text(&format!("{way}-signature.txt"));
        let request = self.text(&format!("{way}-signed-request.txt"));
        let within = request.split_once("Signature=").unwrap().1.split([' ', '\n']).next().unwrap();
        for signature in [&*alone, within] {
            let digits = signature.as_bytes().chunks(2).map(|pair| str::from_utf8(pair).unwrap());
            let der: Vec<_> = digits.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
            assert!(key.verify(to_sign.as_bytes(), &der).is_ok(), "{} {way}: {signature}", self.name);
            assert!(key.verify(&to_sign.as_bytes()[1..], &der).is_err());
        }
    }
}

fn cases(suite: &str) -> Option<Vec<Case>> {
    let mut cases = Vec::new();
    for entry in fs::read_dir(vectors(suite)?).unwrap() {
        let folder = entry.unwrap().path();
        // Two folders of version 4A hold no signed request.
        if !folder.join("header-signed-request.txt").exists() {
            continue;
        }
        if let Ok(context) = fs::read(folder.join("context.json")) {
            cases.push(Case {
                name: folder.file_name().unwrap().to_string_lossy().into_owned(),
                context: serde_json::from_slice(&context).unwrap(),
                folder,
            });
        }
    }
    assert!(cases.len() >= 38, "{} cases", cases.len());
    Some(cases)
}

#[test]
fn every_header_case_gives_each_published_step() {
    let Some(cases) = cases("sigv4") else {
        println!("every_header_case_gives_each_published_step skipped: no vectors");
        return;
    };
    for case in cases {
        case.run("header");
    }
}

#[test]
fn every_presigned_case_gives_each_published_step() {
    let Some(cases) = cases("sigv4") else {
        println!("every_presigned_case_gives_each_published_step skipped: no vectors");
        return;
    };
    for case in cases {
        case.run("query");
    }
}

#[test]
fn every_case_of_version_4a_gives_each_published_step() {
    let Some(cases) = cases("sigv4a") else {
        println!("every_case_of_version_4a_gives_each_published_step skipped: no vectors");
        return;
    };
    for case in cases {
        case.run_asymmetric("header");
        case.run_asymmetric("query");
    }
}
