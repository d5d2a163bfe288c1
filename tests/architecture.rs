//! Holds the crate to its layout: which stage may use which, who names the cryptography libraries, who reads the clock,
//! and that the identity provider shares no code with what verifies it.
#![expect(clippy::unwrap_used, clippy::panic, clippy::string_slice, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What each module at the top of `src` may use, beside itself, `explain` and `time`. A stage never uses a later one.
const ALLOWED: [(&str, &[&str]); 17] = [
    ("arn", &[]),
    ("time", &[]),
    ("explain", &[]),
    ("json", &[]),
    ("crypto", &[]),
    ("policy", &["arn", "json"]),
    // Control policies by account: what an organisation limits is asked by whoever asks a policy.
    ("organization", &["policy", "arn"]),
    ("identity", &["crypto", "arn", "json"]),
    // Who is assigned what: a person's identity in, a proof of the assignment out.
    ("directory", &["identity", "policy", "arn", "crypto"]),
    // An assignment of the directory is a proof that this stage takes, as an identity is.
    // A mapping document is JSON, read as strictly as a policy.
    // The control policies of the organisation have a say in who assumes a role.
    ("session", &["identity", "directory", "organization", "policy", "arn", "crypto", "json"]),
    // An access key id tells its account to whoever holds the keyring.
    ("credentials", &["session", "arn", "crypto"]),
    ("request", &["credentials", "session", "crypto"]),
    ("decision", &["session", "organization", "policy", "arn"]),
    // What an administrator manages is what the stages ask: roles, the policies of principals, long-term access keys.
    // Providers made there verify what the identity stage is given; trust policies are read as JSON to find principals.
    ("iam", &["identity", "credentials", "session", "policy", "arn", "crypto", "json"]),
    ("audit", &[]),
    ("store", &[]),
    (
        "error",
        &[
            "identity",
            "directory",
            "session",
            "credentials",
            "request",
            "decision",
            "iam",
            "policy",
            "store",
            "audit",
            "crypto",
        ],
    ),
];
/// These sit on top and use everything; nothing below uses them.
const ON_TOP: [&str; 3] = ["broker", "http", "bin"];
const OPEN_TO_ALL: [&str; 2] = ["explain", "time"];
/// What `lib.rs` exports again, and where it is from.
const EXPORTED: [(&str, &str); 19] = [
    ("Provider", "broker"),
    ("Renewal", "broker"),
    ("RenewalFuture", "broker"),
    ("RenewedProvider", "broker"),
    ("Broker", "broker"),
    ("WebIdentityAsk", "broker"),
    ("Flow", "broker"),
    ("Credentials", "credentials"),
    ("Keyring", "credentials"),
    ("Decision", "decision"),
    ("Error", "error"),
    ("VerifiedIdentity", "identity"),
    ("AuthenticatedRequest", "request"),
    ("SignedRequest", "request"),
    ("AssumeRole", "session"),
    ("Role", "session"),
    ("RoleSession", "session"),
    ("Readme", "lib"),
    ("self", "lib"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file below `folder`, by its path relative to the workspace.
fn sources(folder: &str) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.insert(path.strip_prefix(root()).unwrap().to_owned(), text);
            }
        }
    }
    assert!(!found.is_empty(), "{folder} holds no source");
    found
}

/// The code of a file without comments and without its tests, which may use anything.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let without_comments = text.lines().map(|line| match line.trim_start().starts_with("//") {
        true => "",
        false => line.split_once(" // ").map_or(line, |(code, _)| code),
    });
    without_comments.collect::<Vec<_>>().join("\n")
}

fn is_test(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "tests.rs") || path.components().any(|part| part.as_os_str() == "tests")
}

/// The module path of a file in `src`: `src/identity/saml/mod.rs` is `identity::saml`.
fn module(path: &Path) -> Vec<String> {
    let inside = path.strip_prefix("src").unwrap().with_extension("");
    let mut parts: Vec<String> = inside.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    if parts.last().is_some_and(|last| last == "mod" || last == "lib") {
        parts.pop();
    }
    parts
}

/// The first names of what follows `crate::`: one, or several in braces.
fn first_names(rest: &str) -> Vec<String> {
    let name =
        |text: &str| -> String { text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let Some(group) = rest.strip_prefix('{') else { return vec![name(rest)] };
    let (mut depth, mut item, mut names) = (0_i32, String::new(), Vec::new());
    for character in group.chars() {
        match character {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(name(&item));
                item.clear();
                continue;
            }
            _ => {}
        }
        item.push(character);
    }
    names.push(name(&item));
    names.retain(|name| !name.is_empty());
    names
}

/// The modules at the top of `src` that a file names, by `crate::` or by climbing up with `super::`.
fn uses(path: &Path, text: &str) -> BTreeSet<String> {
    let code = code(text);
    let mut named = Vec::new();
    for (at, found) in code.match_indices("crate::") {
        named.extend(first_names(&code[at + found.len()..]));
    }
    let depth = module(path).len();
    let mut rest = code.as_str();
    while let Some(at) = rest.find("super::") {
        rest = &rest[at..];
        let mut climbed = 0;
        while let Some(further) = rest.strip_prefix("super::") {
            (rest, climbed) = (further, climbed + 1);
        }
        if climbed == depth {
            named.extend(first_names(rest));
        }
    }
    named
        .into_iter()
        .map(|name| {
            EXPORTED.iter().find(|(exported, _)| *exported == name).map_or(name, |(_, from)| (*from).to_owned())
        })
        .collect()
}

#[test]
fn a_stage_uses_only_what_stands_before_it() {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.into_iter().collect();
    let mut wrong = Vec::new();
    for (path, text) in sources("src") {
        let stage = module(&path).first().cloned().unwrap_or_default();
        if stage.is_empty() || ON_TOP.contains(&stage.as_str()) || is_test(&path) {
            continue;
        }
        let may = allowed.get(stage.as_str()).unwrap_or_else(|| panic!("{stage} is not in the table"));
        for other in uses(&path, &text) {
            let fine = other == stage || OPEN_TO_ALL.contains(&other.as_str()) || may.contains(&other.as_str());
            if !fine {
                wrong.push(format!("{} uses {other}", path.display()));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn nothing_in_the_table_is_left_over() {
    let mut used: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in sources("src").into_iter().filter(|(path, _)| !is_test(path)) {
        let stage = module(&path).first().cloned().unwrap_or_default();
        used.entry(stage).or_default().extend(uses(&path, &text));
    }
    for (stage, may) in ALLOWED {
        let used = &used[stage];
        let idle: Vec<_> = may.iter().filter(|other| !used.contains(**other)).collect();
        assert!(idle.is_empty(), "{stage} may use {idle:?} and does not");
    }
}

#[test]
fn the_reader_of_sources_sees_every_form_of_use() {
    let path = Path::new("src/session/trust.rs");
    for text in [
        "use crate::http::sts;",
        "use crate::{\n    Error,\n    http::{a, b},\n};",
        "use super::super::http;",
        "fn f() { crate::http::f() }",
        "use super::super::{http, arn};",
    ] {
        assert!(uses(path, text).contains("http"), "{text}");
    }
    assert!(uses(path, "use crate::{Broker, arn::Arn};").contains("broker"));
    for text in ["// use crate::http;", "use super::http;", "#[cfg(test)]\nmod tests { use crate::http; }"] {
        assert!(!uses(path, text).contains("http"), "{text}");
    }
}

/// The files whose code holds one of `words`.
fn files_with(words: &[&str]) -> Vec<String> {
    let sources = sources("src").into_iter().filter(|(path, _)| !is_test(path));
    let holding = sources.filter(|(_, text)| words.iter().any(|word| code(text).contains(word)));
    holding.map(|(path, _)| path.display().to_string()).collect()
}

#[test]
fn the_cryptography_libraries_are_named_in_one_module() {
    let names = |text: &str, library: &str| {
        let starts_a_word = |at: usize| !text[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_');
        text.match_indices(library).any(|(at, _)| starts_a_word(at))
    };
    let sources = sources("src").into_iter().filter(|(path, _)| !is_test(path));
    let naming = sources.filter(|(_, text)| names(&code(text), "aws_lc_rs::") || names(&code(text), "ring::"));
    let paths: Vec<_> = naming.map(|(path, _)| path).collect();
    assert!(!paths.is_empty());
    assert!(paths.iter().all(|path| path.starts_with("src/crypto")), "{paths:?}");
}

#[test]
fn the_clock_is_read_in_one_place() {
    let readers = files_with(&["SystemTime::now", "now_utc()", "now_local()", "Instant::now", "UtcDateTime::now"]);
    assert_eq!(readers, ["src/time.rs"]);
}

#[test]
fn unsafe_code_is_forbidden_in_the_whole_workspace() {
    let manifest = |path: &str| fs::read_to_string(root().join(path)).unwrap();
    assert!(manifest("Cargo.toml").contains("[workspace.lints.rust]\nunsafe_code = \"forbid\""));
    for member in ["Cargo.toml", "demo-idp/Cargo.toml"] {
        assert!(manifest(member).contains("[lints]\nworkspace = true"), "{member}");
    }
}

#[test]
fn the_identity_provider_is_built_without_what_verifies_it() {
    let tree = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--locked",
            "--package",
            "demo-idp",
            "--no-default-features",
            "--edges",
            "normal,build",
        ])
        .args(["--prefix", "none", "--format", "{p}"])
        .current_dir(root())
        .output()
        .unwrap();
    let packages = String::from_utf8(tree.stdout).unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    assert!(packages.lines().any(|line| line.starts_with("demo-idp ")), "{packages}");
    assert!(!packages.lines().any(|line| line.starts_with("daypass ")), "{packages}");
    for (path, text) in sources("demo-idp/src") {
        let in_the_demo = path.starts_with("demo-idp/src/demo") || path.ends_with("main.rs");
        assert!(in_the_demo || !code(&text).contains("daypass::"), "{} names daypass", path.display());
    }
}

/// The lines of the first code block after `heading`, without those that documentation hides.
fn quick_start(text: &str, heading: &str, fence: &str) -> Vec<String> {
    let after = text.split_once(heading).unwrap_or_else(|| panic!("no {heading}")).1;
    let mut lines = after.lines().skip_while(|line| *line != fence).skip(1);
    let block = lines.by_ref().take_while(|line| *line != "```");
    let shown = block.filter(|line| *line != "#" && !line.starts_with("# "));
    shown.map(str::to_owned).collect()
}

#[test]
fn the_readme_shows_the_quick_start_that_the_documentation_runs() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let docs: Vec<_> = lib.lines().filter_map(|line| line.strip_prefix("//!")).collect();
    let docs = docs.iter().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n");
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let shown = quick_start(&readme, "## The library", "```rust");
    assert!(shown.len() > 20, "{shown:?}");
    assert_eq!(shown, quick_start(&docs, "# Quick start", "```"));
}

#[test]
fn every_file_the_readme_names_is_there() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let named = readme.split(['`', '(', ')']).filter(|text| text.starts_with("src/") || text.starts_with("examples/"));
    let missing: Vec<_> = named.filter(|path| !root().join(path).exists()).collect();
    assert_eq!(missing, Vec::<&str>::new());
}
