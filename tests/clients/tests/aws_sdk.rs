//! The AWS SDK for Rust, unmodified, against a demo of its own.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step of a test is a failed test")]

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::ByteStream;
use std::env;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

const BUCKET: &str = "cat-photos";
const READY: Duration = Duration::from_secs(30);

/// A running demo; it ends with the test.
struct Demo {
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
    fn start() -> Self {
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

    fn token(&self, user: &str) -> String {
        let base = self.base.to_string();
        let done = Command::new(&self.binary).args(["token", "--user", user, "--port-base", &base]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    }

    fn config(&self, credentials: Option<Credentials>) -> SdkConfig {
        let builder = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).region(Region::from_static("us-east-1"));
        match credentials {
            Some(credentials) => builder.credentials_provider(SharedCredentialsProvider::new(credentials)).build(),
            None => builder.build(),
        }
    }

    fn sts(&self, credentials: Option<Credentials>) -> aws_sdk_sts::Client {
        let endpoint = format!("http://localhost:{}", self.base + 100);
        let config = aws_sdk_sts::config::Builder::from(&self.config(credentials)).endpoint_url(endpoint).build();
        aws_sdk_sts::Client::from_conf(config)
    }

    fn s3(&self, credentials: Credentials) -> aws_sdk_s3::Client {
        let endpoint = format!("http://127.0.0.1:{}", self.base + 200);
        let config = aws_sdk_s3::config::Builder::from(&self.config(Some(credentials))).endpoint_url(endpoint).build();
        aws_sdk_s3::Client::from_conf(config)
    }

    async fn assume(&self, role: &str) -> Credentials {
        let reply = self
            .sts(None)
            .assume_role_with_web_identity()
            .role_arn(format!("arn:aws:iam::111111111111:role/{role}"))
            .role_session_name("rust")
            .web_identity_token(self.token("martha"))
            .send()
            .await
            .unwrap();
        from_reply(reply.credentials().unwrap())
    }
}

fn from_reply(keys: &aws_sdk_sts::types::Credentials) -> Credentials {
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
        let Some(last) = base.checked_add(200) else { continue };
        if [base, base + 100, last].iter().all(|&port| TcpListener::bind(("127.0.0.1", port)).is_ok()) {
            return base;
        }
    }
    panic!("found no three free ports N, N+100, N+200");
}

fn code<E: ProvideErrorMetadata>(error: &E) -> &str {
    error.code().unwrap_or("no code")
}

#[tokio::test]
async fn signs_in_and_says_who_it_is() {
    let demo = Demo::start();
    let credentials = demo.assume("PhotoReader").await;
    let who = demo.sts(Some(credentials)).get_caller_identity().send().await.unwrap();
    assert_eq!(who.account(), Some("111111111111"));
    assert_eq!(who.arn(), Some("arn:aws:sts::111111111111:assumed-role/PhotoReader/rust"));
}

#[tokio::test]
async fn one_role_assumes_another() {
    let demo = Demo::start();
    let reader = demo.assume("PhotoReader").await;
    let ask = demo.sts(Some(reader)).assume_role();
    let reply = ask.role_arn("arn:aws:iam::111111111111:role/PhotoEditor").role_session_name("chained").send().await.unwrap();
    let editor = from_reply(reply.credentials().unwrap());
    let who = demo.sts(Some(editor)).get_caller_identity().send().await.unwrap();
    assert_eq!(who.arn(), Some("arn:aws:sts::111111111111:assumed-role/PhotoEditor/chained"));
}

#[tokio::test]
async fn errors_are_modelled_ones() {
    let demo = Demo::start();
    let refused = demo
        .sts(None)
        .assume_role_with_web_identity()
        .role_arn("arn:aws:iam::111111111111:role/PhotoReader")
        .role_session_name("rust")
        .web_identity_token("not.a.token")
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(refused.is_invalid_identity_token_exception(), "{refused:?}");
}

#[tokio::test]
async fn lists_puts_and_gets_but_may_not_delete() {
    let demo = Demo::start();
    let editor = demo.s3(demo.assume("PhotoEditor").await);
    let listed = editor.list_objects_v2().bucket(BUCKET).prefix("photos/").send().await.unwrap();
    let first = listed.contents().first().and_then(|object| object.key()).unwrap().to_owned();

    editor.put_object().bucket(BUCKET).key("photos/rust.txt").body(ByteStream::from_static(b"miaow")).send().await.unwrap();
    let back = editor.get_object().bucket(BUCKET).key("photos/rust.txt").send().await.unwrap();
    assert_eq!(back.body.collect().await.unwrap().to_vec(), b"miaow");

    let refused = editor.delete_object().bucket(BUCKET).key(&first).send().await.unwrap_err();
    assert_eq!(code(&refused), "AccessDenied");
    let told = refused.message().unwrap_or_default();
    assert!(told.contains("explicit deny"), "{told}");
    editor.head_object().bucket(BUCKET).key(&first).send().await.unwrap();
}

#[tokio::test]
async fn a_reader_may_not_put() {
    let demo = Demo::start();
    let reader = demo.s3(demo.assume("PhotoReader").await);
    let refused = reader.put_object().bucket(BUCKET).key("photos/no.txt").body(ByteStream::from_static(b"no")).send().await;
    assert_eq!(code(&refused.unwrap_err()), "AccessDenied");
}

/// A body read from a file goes up in chunks with a trailing checksum (`aws-chunked`).
#[tokio::test]
async fn streams_a_file_up_and_down() {
    let demo = Demo::start();
    let editor = demo.s3(demo.assume("PhotoEditor").await);
    let sent: Vec<u8> = (0_u32..3_000_000).map(|index| index.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect();
    let path = env::temp_dir().join(format!("daypass-stream-{}", std::process::id()));
    std::fs::write(&path, &sent).unwrap();
    let body = ByteStream::from_path(&path).await.unwrap();
    let put = editor.put_object().bucket(BUCKET).key("photos/stream.bin").body(body).send().await;
    std::fs::remove_file(&path).unwrap();
    put.unwrap();
    let back = editor.get_object().bucket(BUCKET).key("photos/stream.bin").send().await.unwrap();
    assert!(back.body.collect().await.unwrap().to_vec() == sent, "the bytes that came back are not those sent");
}
