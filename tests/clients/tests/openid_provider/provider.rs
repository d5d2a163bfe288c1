//! The provider as a child process.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// A provider of this test alone; dropped, it is gone.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    child: Child,
}

impl Provider {
    /// Starts it, configured as `provider.mjs` says; `None`, and a line about it, where its packages are not installed.
    pub(crate) async fn start(configuration: Value) -> Option<Self> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let packages = here.join("../../target/clients/node");
        let node = Command::new("node").arg("--version").output().is_ok_and(|output| output.status.success());
        if !node || !packages.join("node_modules/oidc-provider").is_dir() {
            let wanted = "skipped: no Node.js packages (run scripts/install-clients)";
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{wanted}");
            eprintln!("{wanted}");
            return None;
        }
        let mut child = Command::new("node")
            .arg(here.join("tests/openid_provider/provider.mjs"))
            .arg(packages)
            .arg(configuration.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let issuer = lines.find(|line| line.as_ref().is_ok_and(|line| line.starts_with("http://")));
        let Some(Ok(issuer)) = issuer else { panic!("the provider did not start") };
        // What else it says is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self { issuer, child })
    }

    /// Signs with a new key from now on.
    pub(crate) async fn rotate(&self) {
        let url = format!("{}/_control/rotate", self.issuer);
        reqwest::Client::new().post(url).send().await.unwrap().error_for_status().unwrap();
    }

    /// How often a path was asked for.
    pub(crate) async fn count(&self, path: &str) -> u64 {
        let counts = reqwest::get(format!("{}/_control/counts", self.issuer)).await.unwrap().bytes().await.unwrap();
        let counts: Value = serde_json::from_slice(&counts).unwrap();
        counts.get(path).and_then(Value::as_u64).unwrap_or_default()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
