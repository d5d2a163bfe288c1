//! `daypass jwt verify` against the demo identity provider.

use demo_idp::{Client, Fault, IdTokenRequest, Idp, User, WorkloadToken};
use serde_json::{Value, json};

use crate::{Folder, Ran, run, run_with};

const AUDIENCE: &str = "sts.example.com";
const NONCE: &str = "n-0S6_WzA2Mj";

/// An issuer that serves its keys, and their file.
struct Site {
    idp: Idp,
    folder: Folder,
    jwks: String,
    keys: Value,
}

impl Site {
    async fn start(test: &str) -> Self {
        let user = User::new("martha", "correct-horse").with_groups(["Admins"]);
        let client = Client::confidential("portal", "secret", ["https://sp.example/callback"]);
        let idp = Idp::builder().user(user).client(client).audience(AUDIENCE).start().await.unwrap();
        let served = reqwest::get(format!("{}/jwks", idp.base_url())).await.unwrap().text().await.unwrap();
        let folder = Folder::new(test);
        let jwks = folder.file("jwks.json", &served);
        Self { idp, folder, jwks, keys: serde_json::from_str(&served).unwrap() }
    }

    fn token(&self, fault: Option<Fault>) -> String {
        let request = IdTokenRequest::new("martha", AUDIENCE).with_nonce(NONCE);
        self.idp.id_token_for(fault.into_iter().fold(request, IdTokenRequest::with_fault)).unwrap()
    }

    fn verify(&self, token: &str, more: &[&str]) -> Ran {
        let issuer = self.idp.issuer().to_owned();
        let mut arguments = vec!["jwt", "verify", "--issuer", &issuer, "--audience", AUDIENCE];
        if !more.contains(&"--jwks") {
            arguments.extend(["--jwks", &self.jwks]);
        }
        arguments.extend(more);
        run_with(&arguments, token)
    }

    fn case(&self, id: impl Into<Value>, change: impl FnOnce(&mut Value)) -> String {
        let mut case = json!({
            "id": id.into(), "token": self.token(None), "jwks": "jwks.json", "issuer": self.idp.issuer(),
            "audience": AUDIENCE, "nonce": null, "now": null, "use": "workload",
        });
        change(&mut case);
        format!("{case}\n")
    }
}

#[tokio::test]
async fn a_workload_and_a_sign_in_are_accepted_with_every_check() {
    let site = Site::start("jwt-accept").await;
    // A file that carries a trailing newline works.
    let ran = site.verify(&format!("{}\n", site.token(None)), &[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{ran:?}");
    assert!(ran.out.contains("passed       audience               OpenID Connect Core 3.1.3.7 (3)\n"), "{}", ran.out);
    assert!(
        ran.out.contains(&format!("\naccepted martha of {}\n", site.idp.issuer()))
            && ran.out.contains("  sub                      martha\n"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains('\x1b'));

    let answer = site.verify(&site.token(None), &["--nonce", NONCE, "--json"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let answer = answer.json();
    assert_eq!(
        (&answer["verdict"], &answer["check"], &answer["claims"]["sub"]),
        (&json!("accept"), &json!(null), &json!("martha"))
    );
    assert!(
        answer["checks"]
            .as_array()
            .unwrap()
            .iter()
            .any(|check| check["name"] == "nonce" && check["verdict"] == "passed")
    );
}

#[tokio::test]
async fn each_mistake_is_refused_by_its_check() {
    let site = Site::start("jwt-refuse").await;
    for (fault, check) in [
        (Fault::Expired, "expiration"),
        (Fault::WrongAudience, "audience"),
        (Fault::WrongIssuer, "issuer"),
        (Fault::WrongNonce, "nonce"),
        (Fault::MissingNonce, "nonce"),
        (Fault::WrongKey, "signature"),
        (Fault::AlgNone, "algorithm"),
        (Fault::HmacWithPublicKey, "algorithm"),
    ] {
        let ran = site.verify(&site.token(Some(fault)), &["--nonce", NONCE, "--json"]);
        let answer = ran.json();
        assert_eq!((ran.code, &answer["verdict"], &answer["check"]), (1, &json!("reject"), &json!(check)), "{fault:?}");
        assert_eq!(answer["claims"], json!(null), "claims of a refused token were handed out");
    }
    let text = site.verify(&site.token(Some(Fault::Expired)), &[]);
    assert!(
        text.out.contains("FAILED       expiration") && text.out.contains("\nrejected expiration: exp: "),
        "{}",
        text.out
    );
    let late = site.verify(&site.token(None), &["--now", "2099-01-01T00:00:00Z", "--json"]);
    assert_eq!((late.code, &late.json()["check"]), (1, &json!("expiration")));
}

#[tokio::test]
async fn the_signature_alone_is_judged_when_asked() {
    let site = Site::start("jwt-signature").await;
    let expired = site.token(Some(Fault::Expired));
    let only = ["jwt", "verify", "--use", "signature", "--jwks", &site.jwks];
    let ran = run_with(&only, &expired);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("passed       signature") && !ran.out.contains("expiration"), "{}", ran.out);
    assert!(ran.out.contains("\naccepted: signature only\n"), "{}", ran.out);
    let ran = run_with(&only, &site.token(Some(Fault::WrongKey)));
    assert!(ran.code == 1 && ran.out.contains("FAILED       signature"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_fetched_by_url_and_from_this_machine_only_when_told() {
    let site = Site::start("jwt-url").await;
    let url = format!("{}/jwks", site.idp.base_url());
    let fetched = site.verify(&site.token(None), &["--jwks", &url, "--local-network"]);
    assert_eq!(fetched.code, 0, "{fetched:?}");
    let refused = site.verify(&site.token(None), &["--jwks", &url]);
    refused.refused_as_usage(&url);
    refused.refused_as_usage("; http and private addresses need --local-network");
    let gone = format!("{}/nothing", site.idp.base_url());
    site.verify(&site.token(None), &["--jwks", &gone, "--local-network"]).refused_as_usage("HTTP status 404");
}

#[tokio::test]
async fn a_batch_answers_in_order() {
    let site = Site::start("jwt-batch").await;
    let keys = &site.keys;
    let lines = [
        site.case("path", |_| {}),
        site.case("inline", |case| case["jwks"] = keys.clone()),
        site.case("text", |case| case["jwks"] = json!(keys.to_string())),
        site.case("list", |case| case["audience"] = json!(["other", AUDIENCE])),
        site.case("seconds", |case| case["now"] = json!(4_000_000_000_u64)),
        site.case("sign-in", |case| {
            case["use"] = json!("id_token");
            case["nonce"] = json!(NONCE);
        }),
        site.case("no nonce", |case| case["use"] = json!("id_token")),
        site.case("no audience", |case| case["audience"] = json!(null)),
        site.case("no keys", |case| case["jwks"] = json!({"keys": 1})),
        site.case("twice", |case| {
            case["jwks"] = json!(format!("{{\"keys\":[],{}", keys.to_string().trim_start_matches('{')))
        }),
        site.case("use", |case| case["use"] = json!("logout")),
        site.case("url", |case| case["jwks"] = json!("https://idp.example/jwks")),
        site.case("secret", |case| case["token"] = json!(7)),
        site.case("typo", |case| case["nonse"] = json!("abc")),
    ];
    let expected = [
        ("path", "accept", json!(null)),
        ("inline", "accept", json!(null)),
        ("text", "accept", json!(null)),
        ("list", "accept", json!(null)),
        ("seconds", "reject", json!("expiration")),
        ("sign-in", "accept", json!(null)),
        ("no nonce", "reject", json!("nonce")),
        ("no audience", "reject", json!("provider")),
        ("no keys", "reject", json!("jwks")),
        ("twice", "reject", json!("jwks")),
        ("use", "reject", json!("input")),
        ("url", "reject", json!("input")),
        ("secret", "reject", json!("input")),
        ("typo", "reject", json!("input")),
    ];
    let ran = run_with(&["jwt", "verify", "--batch", "--root", site.folder.path()], &lines.concat());
    let answers = ran.lines();
    let found: Vec<_> = answers
        .iter()
        .map(|answer| (answer["id"].as_str().unwrap(), answer["verdict"].as_str().unwrap(), answer["check"].clone()))
        .collect();
    assert_eq!(found, expected);
    assert_eq!((ran.code, ran.err.as_str()), (2, "daypass: 4 of 14 lines could not be judged\n"));
    assert_eq!(answers[0]["claims"]["sub"], "martha");
    let reason = answers[13]["reason"].as_str().unwrap();
    assert!(reason.starts_with("unknown field \"nonse\": expected one of id, token, "), "{reason}");
}

#[tokio::test]
async fn a_batch_explains_with_hints_when_asked() {
    let site = Site::start("jwt-batch-hint").await;
    let late = site.case("late", |case| case["now"] = json!(4_000_000_000_u64));
    let lines = [site.case("good", |_| {}), late, site.case("keys", |case| case["jwks"] = json!({"keys": 1}))].concat();
    let ask = |more: &[&str]| {
        let asked = ["jwt", "verify", "--batch", "--root", site.folder.path()];
        run_with(&[&asked, more].concat(), &lines).lines()
    };
    let told = ask(&["--explain"]);
    assert_eq!(told[0]["hint"], json!(null));
    assert!(told[1]["hint"]["usual_cause"].as_str().unwrap().starts_with("the token is old"), "{}", told[1]);
    assert!(told[2]["hint"]["usual_cause"].as_str().unwrap().contains("key set"), "{}", told[2]);
    assert!(told.iter().all(|answer| !answer["checks"].as_array().unwrap().is_empty()));
    for answer in ask(&[]) {
        assert!(answer.get("hint").is_none() && answer.get("checks").is_none(), "{answer}");
    }
}

#[test]
fn a_shared_secret_signs_only_where_no_public_key_stands_beside_it() {
    // RFC 7515, A.1.
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let secret = json!({"kty": "oct", "alg": "HS256", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"});
    let public = json!({"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"});
    let line = |keys: Value, purpose: &str| {
        let issuer = "https://idp.example";
        let case = json!({"token": token, "jwks": {"keys": keys}, "use": purpose, "issuer": issuer, "audience": "a"});
        format!("{case}\n")
    };
    let lines = [
        line(json!([secret]), "signature"),
        line(json!([secret, public]), "signature"),
        line(json!([secret, secret]), "signature"),
        line(json!([secret]), "workload"),
    ];
    let answers = run_with(&["jwt", "verify", "--batch"], &lines.concat()).lines();
    let checks: Vec<_> = answers.iter().map(|answer| answer["check"].clone()).collect();
    assert_eq!(checks, [json!(null), json!("algorithm"), json!("key"), json!("algorithm")]);
    assert_eq!(answers[0]["claims"]["iss"], "joe");
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let site = Site::start("jwt-usage").await;
    run(&["jwt", "verify"]).refused_as_usage("--issuer: missing");
    run(&["jwt", "verify", "--issuer", "https://a.example"]).refused_as_usage("--audience: missing");
    run(&["jwt", "verify", "--use", "signature"]).refused_as_usage("--jwks: missing");
    let wrong = ["jwt", "verify", "--issuer", "http://a.example", "--audience", "a", "--jwks", &site.jwks];
    run(&wrong).refused_as_usage("--issuer: \"http://a.example\": not an issuer identifier");
    let empty = ["jwt", "verify", "--issuer", "https://a.example", "--audience", "", "--jwks", &site.jwks];
    run(&empty).refused_as_usage("--audience: [\"\"]: a provider needs");
    let unsaid = run_with(&["jwt", "verify", "--audience", AUDIENCE], &site.token(None));
    unsaid.refused_as_usage(&format!(
        "--issuer: missing; expected the issuer to accept; the token says {}",
        site.idp.issuer()
    ));
    site.verify("\n", &[]).refused_as_usage("standard input: the input is empty");
    site.verify("", &["--clock-skew", "301"]).refused_as_usage("301 is not in 0..=300");
    site.verify("", &["--use", "id_token"]).refused_as_usage("--nonce: missing");
    let text = site.folder.file("not.json", "keys");
    site.verify("a.b.c", &["--jwks", &text]).refused_as_usage("not.json: line 1, column 1: expected");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_set_the_issuers_metadata_says_where_it_is() {
    let site = Site::start("jwt-discovery").await;
    let ask = |issuer: &str, more: &[&str]| {
        let asked = ["jwt", "verify", "--audience", AUDIENCE, "--issuer", issuer];
        run_with(&[&asked, more].concat(), &site.token(None))
    };
    let found = ask(site.idp.issuer(), &["--local-network", "--json"]);
    assert_eq!((found.code, &found.json()["claims"]["sub"]), (0, &json!("martha")), "{found:?}");
    ask(site.idp.issuer(), &[]).refused_as_usage("not fetched");
    ask("http://127.0.0.1:1", &["--local-network"])
        .refused_as_usage("http://127.0.0.1:1: the provider cannot be reached");
}

#[tokio::test]
async fn a_preset_holds_a_workload_to_its_platform() {
    let site = Site::start("jwt-preset").await;
    let job = |token: WorkloadToken| site.idp.workload_token(token.with_audience(AUDIENCE)).unwrap() + "\n";
    let github = job(WorkloadToken::github("octo-org/octo-repo"));
    let ran = site.verify(&github, &["--preset", "github"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("passed       subject_form"), "{}", ran.out);
    let ran = site.verify(&job(WorkloadToken::gitlab("my-group/app")), &["--preset", "github", "--json"]);
    assert_eq!((ran.code, &ran.json()["check"]), (1, &json!("subject_form")));
    let svid = job(WorkloadToken::spiffe("spiffe://example.org/ns/prod/sa/photos"));
    for (trust_domain, code) in [("example.org", 0), ("evil.example", 1)] {
        let ran = site.verify(&svid, &["--preset", "spiffe", "--trust-domain", trust_domain]);
        assert_eq!(ran.code, code, "{ran:?}");
    }
    site.verify(&svid, &["--preset", "spiffe"]).refused_as_usage("--trust-domain: missing");
    site.verify(&svid, &["--preset", "spiffe", "--trust-domain", "Example.ORG"])
        .refused_as_usage("--trust-domain: \"Example.ORG\": trust domain: expected");
    site.verify(&svid, &["--preset", "entra"]).refused_as_usage("https://sts.windows.net/<tenant>/");
    // The issuer that everybody means need not be given, and is not this one.
    let usual = ["jwt", "verify", "--audience", AUDIENCE, "--preset", "github", "--json", "--jwks", &site.jwks];
    assert_eq!(run_with(&usual, &github).json()["check"], "issuer");
    let case = |preset: &str, token: &str| {
        site.case(preset, |case| {
            case["preset"] = json!(preset);
            case["token"] = json!(token.trim_end());
        })
    };
    let lines = [case("github", &github), case("gitlab", &github), case("bitbucket", &github)];
    let answers = run_with(&["jwt", "verify", "--batch", "--root", site.folder.path()], &lines.concat()).lines();
    let checks: Vec<_> = answers.iter().map(|answer| answer["check"].clone()).collect();
    assert_eq!(checks, [json!(null), json!("subject_form"), json!("input")]);
}

#[test]
fn a_client_secret_verifies_id_tokens_and_nothing_else_does_then() {
    use aws_lc_rs::hmac;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let folder = Folder::new("jwt-secret");
    let secret = "a-client-secret-of-more-than-32-octets";
    let sign = |alg: &str, with: &str| {
        let claims = json!({"iss": "https://idp.example", "sub": "martha", "aud": AUDIENCE, "nonce": NONCE,
            "iat": 1_800_000_000, "exp": 1_800_000_300});
        let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", encode(json!({ "alg": alg })), encode(claims));
        let code = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, with.as_bytes()), input.as_bytes());
        format!("{input}.{}\n", URL_SAFE_NO_PAD.encode(code))
    };
    let file = folder.file("secret", format!("{secret}\n"));
    let ask = |token: &str, more: &[&str]| {
        let asked = ["jwt", "verify", "--issuer", "https://idp.example", "--audience", AUDIENCE, "--json"];
        let secret = ["--now", "2027-01-15T08:00:00Z", "--client-secret-file", &file];
        run_with(&[&asked[..], &secret, more].concat(), token)
    };
    let sign_in = ["--nonce", NONCE];
    let accepted = ask(&sign("HS256", secret), &sign_in);
    assert_eq!(accepted.code, 0, "{accepted:?}");
    assert!(!accepted.out.contains(secret) && !accepted.err.contains(secret));
    assert_eq!(ask(&sign("HS256", "another-secret-that-is-long-enough-too"), &sign_in).json()["check"], "signature");
    let other = ask(&sign("HS512", secret), &sign_in).json();
    assert_eq!(other["check"], "algorithm");
    assert!(other["hint"]["usual_cause"].as_str().unwrap().contains("leave --client-secret-file out"), "{other}");
    ask(&sign("HS256", secret), &[]).refused_as_usage("never verified by a secret");
    let longer = [&sign_in[..], &["--client-secret-algorithm", "HS512"]].concat();
    ask(&sign("HS512", secret), &longer).refused_as_usage("--client-secret-file: a client secret that signs");
}

#[tokio::test]
async fn a_refusal_ends_with_its_usual_cause() {
    let site = Site::start("jwt-hint").await;
    let text = site.verify(&site.token(Some(Fault::Expired)), &[]);
    let last: Vec<_> = text.out.lines().rev().take(2).collect();
    assert!(last[1].starts_with("  usual cause  the token is old"), "{}", text.out);
    assert_eq!(last[0], "  ask          whoever asked the issuer for this token");
    let answer = site.verify(&site.token(Some(Fault::WrongKey)), &["--json"]).json();
    assert!(answer["hint"]["usual_cause"].as_str().unwrap().contains("edited"), "{answer}");
    assert_eq!(site.verify(&site.token(None), &["--json"]).json()["hint"], json!(null));
}

#[cfg(target_os = "linux")]
#[test]
fn a_batch_keeps_no_more_key_sets_than_fit() {
    let mut command = crate::command(&["jwt", "verify", "--batch"]);
    let mut child = command.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let (mut questions, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut answers = std::io::BufRead::lines(std::io::BufReader::new(answers));
    let padding = "x".repeat(1024 * 1024);
    let mut peak = 0;
    for index in 0..48 {
        let line = json!({"id": index, "token": "a", "jwks": {"keys": [], "padding": format!("{index}{padding}")}});
        std::io::Write::write_all(&mut questions, format!("{line}\n").as_bytes()).unwrap();
        let answer: Value = serde_json::from_str(&answers.next().unwrap().unwrap()).unwrap();
        assert_eq!((&answer["id"], &answer["check"]), (&json!(index), &json!("jwks")));
        let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        peak = line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap();
    }
    drop(questions);
    assert!(child.wait().unwrap().success());
    assert!(peak < 32 * 1024, "{peak} KiB for key sets of 1 MiB each");
}
