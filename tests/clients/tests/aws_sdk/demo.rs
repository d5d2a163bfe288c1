//! One running demo and the SDK's clients for it.

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use std::env;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const READY: Duration = Duration::from_secs(30);

/// A running demo; it ends with the test.
pub(crate) struct Demo {
    process: Child,
    base: u16,
    binary: PathBuf,
}

impl Drop for Demo {
    fn drop(&mut self) {
        // A demo that has already ended is what was wanted.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Demo {
    pub(crate) fn start() -> Self {
        let binary = binary();
        let base = free_base();
        let mut process = Command::new(&binary)
            .args(["--port-base", &base.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = process.stdout.take().unwrap();
        // What it prints is read to the end: a full pipe would stop it.
        thread::spawn(move || BufReader::new(output).lines().map_while(Result::ok).for_each(drop));
        let demo = Self { process, base, binary };
        demo.await_ports();
        demo
    }

    fn await_ports(&self) {
        let began = Instant::now();
        for port in [self.base, self.base + 100, self.base + 200] {
            while TcpStream::connect(("127.0.0.1", port)).is_err() {
                assert!(began.elapsed() < READY, "the demo does not listen on port {port}");
                thread::sleep(Duration::from_millis(20));
            }
        }
    }

    /// A token for `of`: `--user` or `--workload`, and whose.
    pub(crate) fn token(&self, of: [&str; 2]) -> String {
        let base = self.base.to_string();
        let done = Command::new(&self.binary).arg("token").args(of).args(["--port-base", &base]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    fn config(&self, credentials: Option<Credentials>) -> SdkConfig {
        let builder =
            SdkConfig::builder().behavior_version(BehaviorVersion::latest()).region(Region::from_static("us-east-1"));
        match credentials {
            Some(credentials) => builder.credentials_provider(SharedCredentialsProvider::new(credentials)).build(),
            None => builder.build(),
        }
    }

    pub(crate) fn sts(&self, credentials: Option<Credentials>) -> aws_sdk_sts::Client {
        let endpoint = format!("http://localhost:{}", self.base + 100);
        let config = aws_sdk_sts::config::Builder::from(&self.config(credentials)).endpoint_url(endpoint).build();
        aws_sdk_sts::Client::from_conf(config)
    }

    pub(crate) fn s3(&self, credentials: Credentials) -> aws_sdk_s3::Client {
        let endpoint = format!("http://127.0.0.1:{}", self.base + 200);
        let config = aws_sdk_s3::config::Builder::from(&self.config(Some(credentials))).endpoint_url(endpoint).build();
        aws_sdk_s3::Client::from_conf(config)
    }

    pub(crate) async fn assume(&self, role: &str) -> Credentials {
        let reply = self
            .sts(None)
            .assume_role_with_web_identity()
            .role_arn(format!("arn:aws:iam::111111111111:role/{role}"))
            .role_session_name("rust")
            .web_identity_token(self.token(["--user", "martha"]))
            .send()
            .await
            .unwrap();
        from_reply(reply.credentials().unwrap())
    }
}

/// The credentials of an STS reply, as the SDK takes them.
pub(crate) fn from_reply(keys: &aws_sdk_sts::types::Credentials) -> Credentials {
    let token = Some(keys.session_token().to_owned());
    Credentials::new(keys.access_key_id(), keys.secret_access_key(), token, None, "daypass")
}

/// The binary named by `DAYPASS_DEMO_BIN`, or the one beside this test's own target directory.
fn binary() -> PathBuf {
    let path = env::var_os("DAYPASS_DEMO_BIN").map_or_else(
        || {
            // target/debug/deps/aws_sdk-… -> target/debug/demo-idp
            let here = env::current_exe().unwrap();
            here.ancestors().nth(2).unwrap().join("demo-idp")
        },
        PathBuf::from,
    );
    assert!(path.exists(), "the demo binary is not at {}; build it: cargo build -p demo-idp", path.display());
    path
}

/// A port base whose three ports are free.
fn free_base() -> u16 {
    for _ in 0..50 {
        let base = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
        let Some(last) = base.checked_add(200) else {
            continue;
        };
        if [base, base + 100, last].iter().all(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return base;
        }
    }
    panic!("found no three free ports N, N+100, N+200");
}
