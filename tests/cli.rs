//! The `daypass` command as a shell sees it: arguments, files and standard input in; text or JSON and an exit code out.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests stop where the tests would"
)]

#[path = "cli/assume.rs"]
mod assume;
#[path = "cli/jwt.rs"]
mod jwt;
#[path = "cli/mapping.rs"]
mod mapping;
#[path = "cli/policy.rs"]
mod policy;
#[path = "cli/saml.rs"]
mod saml;
#[path = "cli/slips.rs"]
mod slips;
#[path = "cli/vectors.rs"]
mod vectors;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// How a run ended.
#[derive(Debug)]
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// One value a line.
    fn lines(&self) -> Vec<Value> {
        self.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn refused_as_usage(&self, sentence: &str) {
        assert_eq!(self.code, 2, "{self:?}");
        assert!(self.err.contains(sentence), "{self:?}");
        assert!(self.out.is_empty() && !self.err.contains("panicked"), "{self:?}");
    }
}

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
    command.args(arguments);
    command
}

fn run_with(arguments: &[&str], input: &str) -> Ran {
    let mut command = command(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    // Answers come while questions are still being written.
    let writer = std::thread::spawn(move || {
        // Arguments that are refused leave the input unread.
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn run(arguments: &[&str]) -> Ran {
    run_with(arguments, "")
}

/// A directory of its own for each test, removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{test}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left over is under target/.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn help_says_what_each_command_does_with_an_example() {
    for words in [
        &["saml", "verify"][..],
        &["jwt", "verify"],
        &["policy", "evaluate"],
        &["policy", "check"],
        &["assume", "explain"],
    ] {
        let mut arguments = words.to_vec();
        arguments.push("--help");
        let help = run(&arguments);
        assert_eq!(help.code, 0);
        assert!(help.out.contains(&format!("Example:\n  daypass {}", words.join(" "))), "{}", help.out);
    }
    run(&[]).refused_as_usage("Usage: daypass");
    run(&["saml", "verify", "--alow", "sha1"]).refused_as_usage("--alow");
}

#[test]
fn whoever_stops_reading_sees_no_panic() {
    let line = "{\"id\": 1, \"request\": {\"action\": \"s3:GetObject\"}}\n".repeat(20_000);
    let mut child = command(&["policy", "evaluate", "--batch"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let mut stdin = child.stdin.take().unwrap();
    // The command leaves before it has read everything.
    let _ = stdin.write_all(line.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(2), String::new()));
}
