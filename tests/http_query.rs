//! Several services of the query protocol behind one address.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "the lints know test functions, not the helpers beside them"
)]

#[path = "common/caller.rs"]
mod caller;
#[path = "common/issuer.rs"]
mod issuer;

use std::sync::Arc;

use daypass::http::iam::Iam;
use daypass::http::query::Endpoint;
use daypass::http::sts::Sts;
use daypass::identity::oidc::UnverifiedIdToken;
use daypass::time::ManualClock;
use daypass::{AssumeRole, Broker, Keyring, Role};
use serde_json::{Value, json};

use caller::{Keys, Reply, form, post, serve, signature};

const READER: &str = "arn:aws:iam::111111111111:role/reader";
const STS: &str = "2011-06-15";
const IAM: &str = "2010-05-08";

struct Site {
    url: String,
    credentials: Keys,
}

impl Site {
    async fn start() -> Self {
        Self::with(|endpoint| endpoint).await
    }

    async fn with(change: impl FnOnce(Endpoint) -> Endpoint) -> Self {
        let trust = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow",
            "Principal": {"Federated": "arn:aws:iam::111111111111:oidc-provider/login.example.com"},
            "Action": "sts:AssumeRoleWithWebIdentity"}});
        let role = Role::new(READER.parse().unwrap(), trust.to_string().parse().unwrap()).unwrap();
        let broker = Broker::new(Keyring::generate().unwrap()).with_provider(issuer::provider()).with_role(role);
        let broker = Arc::new(broker.with_clock(Arc::new(ManualClock::new(issuer::now()))));
        let token = UnverifiedIdToken::for_exchange(issuer::token(&json!({})));
        let flow = broker.begin().unwrap();
        let identity = flow.exchange_token(&issuer::provider(), &issuer::jwks(), token).await.unwrap();
        let ask = AssumeRole::new(READER.parse().unwrap(), "martha".parse().unwrap());
        let credentials = broker.mint(broker.assume_role(&identity, ask).unwrap()).unwrap();
        let endpoint = Endpoint::new(Arc::clone(&broker));
        let endpoint = endpoint.with_sts(Sts::new(Arc::clone(&broker))).with_iam(Iam::new(broker));
        Self { url: serve(change(endpoint).router()).await, credentials: Keys::from(&credentials) }
    }

    async fn ask(&self, action: &str, version: &str, signed_for: Option<&str>) -> Reply {
        let body = form(&[("Action", action), ("Version", version)]);
        self.post(body, signed_for).await
    }

    /// The same with an `Accept` header: media type and body of the answer.
    async fn ask_for(&self, accept: &str, action: &str, service: &str) -> (u16, String, String) {
        let version = if service == "iam" { IAM } else { STS };
        let body = form(&[("Action", action), ("Version", version)]);
        let mut request = reqwest::Client::new().post(&self.url).header("accept", accept);
        request = request.header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in signature(&self.url, &body, &self.credentials, service, issuer::now()) {
            request = request.header(name, value);
        }
        let response = request.body(body).send().await.unwrap();
        let media_type = response.headers()["content-type"].to_str().unwrap().to_owned();
        (response.status().as_u16(), media_type, response.text().await.unwrap())
    }

    async fn post(&self, body: String, signed_for: Option<&str>) -> Reply {
        post(&self.url, body, signed_for.map(|service| (&self.credentials, service)), issuer::now()).await
    }
}

#[tokio::test]
async fn a_signed_call_goes_to_the_service_it_is_signed_for() {
    let site = Site::start().await;
    let who = site.ask("GetCallerIdentity", STS, Some("sts")).await;
    assert_eq!((who.status, who.text("Account")), (200, Some("111111111111")), "{}", who.body);
    let elsewhere = site.ask("GetCallerIdentity", IAM, Some("iam")).await;
    assert_eq!((elsewhere.status, elsewhere.text("Code")), (400, Some("InvalidAction")), "{}", elsewhere.body);
    assert!(elsewhere.body.contains("https://iam.amazonaws.com/doc/2010-05-08/"), "{}", elsewhere.body);
}

#[tokio::test]
async fn the_version_does_not_move_a_call_to_a_service_it_is_not_signed_for() {
    let site = Site::start().await;
    for (version, signed_for) in [(STS, "iam"), (IAM, "sts")] {
        let refused = site.ask("GetCallerIdentity", version, Some(signed_for)).await;
        assert_eq!((refused.status, refused.text("Code")), (400, Some("InvalidAction")), "{}", refused.body);
        assert!(refused.body.contains(&format!("https://{signed_for}.amazonaws.com/doc/")), "{}", refused.body);
    }
}

#[tokio::test]
async fn a_call_without_a_signature_goes_by_its_version() {
    let site = Site::start().await;
    let web = site.ask("AssumeRoleWithWebIdentity", STS, None).await;
    assert_eq!((web.status, web.text("Code")), (400, Some("ValidationError")), "{}", web.body);
    let unsigned = site.ask("ListInstanceProfiles", IAM, None).await;
    assert_eq!(
        (unsigned.status, unsigned.text("Code")),
        (403, Some("MissingAuthenticationToken")),
        "{}",
        unsigned.body
    );
    assert!(unsigned.body.contains("https://iam.amazonaws.com/doc/2010-05-08/"), "{}", unsigned.body);
}

#[tokio::test]
async fn each_service_has_limits_of_its_own() {
    let site = Site::start().await;
    let long = format!("Action=GetCallerIdentity&Padding={}", "x".repeat(500 * 1024));
    let refused = site.post(long.clone(), Some("sts")).await;
    assert_eq!((refused.status, refused.text("Code")), (413, Some("RequestEntityTooLarge")), "{}", refused.body);
    let read = site.post(long, Some("iam")).await;
    assert_eq!((read.status, read.text("Code")), (400, Some("InvalidAction")), "{}", read.body);
    let many: String = (0..300).map(|index| format!("P{index}=&")).collect();
    let refused = site.post(format!("Action=GetCallerIdentity&{many}"), Some("sts")).await;
    assert_eq!((refused.status, refused.text("Code")), (400, Some("MalformedQueryString")), "{}", refused.body);
}

#[tokio::test]
async fn a_call_of_a_service_that_speaks_json_is_told_who_answers() {
    let site = Site::start().await;
    let call = caller::client().post(&site.url).header("x-amz-target", "AWSIdentityStore.ListUsers");
    let refused = call.header("content-type", "application/x-amz-json-1.1").body("{}").send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 400);
    let body = refused.text().await.unwrap();
    assert!(body.contains("MalformedQueryString") && body.contains("STS and IAM"), "{body}");
}

#[tokio::test]
async fn whoever_asks_for_json_gets_what_the_xml_says_with_its_types() {
    let site = Site::start().await;
    let (status, media_type, body) = site.ask_for("application/json", "GetCallerIdentity", "sts").await;
    assert_eq!((status, media_type.as_str()), (200, "application/json"), "{body}");
    let read: Value = serde_json::from_str(&body).unwrap();
    let response = &read["GetCallerIdentityResponse"];
    assert_eq!(response["GetCallerIdentityResult"]["Account"], "111111111111");
    let arn = "arn:aws:sts::111111111111:assumed-role/reader/martha";
    assert_eq!(response["GetCallerIdentityResult"]["Arn"], arn);
    assert!(response["ResponseMetadata"]["RequestId"].as_str().is_some_and(|id| !id.is_empty()));

    let (status, media_type, body) = site.ask_for("text/html, */*", "GetCallerIdentity", "sts").await;
    assert_eq!((status, media_type.as_str()), (200, "text/xml"));
    assert!(body.contains(&format!("<Arn>{arn}</Arn>")), "{body}");
}

#[tokio::test]
async fn whoever_asks_for_json_is_refused_in_json() {
    let site = Site::start().await;
    for (service, action, code) in [("sts", "GetSessionToken", "AccessDenied"), ("iam", "NoSuchThing", "InvalidAction")]
    {
        let (status, media_type, body) = site.ask_for("application/json", action, service).await;
        assert_eq!(media_type, "application/json");
        let read: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(
            (read["Error"]["Code"].as_str(), read["Error"]["Type"].as_str()),
            (Some(code), Some("Sender")),
            "{status} {body}"
        );
        assert!(read["Error"]["Message"].is_string() && read["RequestId"].is_string(), "{body}");
    }
    let unread = reqwest::Client::new().post(&site.url).header("accept", "application/json").body("{}");
    let refused = unread.header("content-type", "application/json").send().await.unwrap();
    let read: Value = serde_json::from_str(&refused.text().await.unwrap()).unwrap();
    assert_eq!(read["Error"]["Code"], "MalformedQueryString");
}

#[tokio::test]
async fn scripts_of_every_site_call_and_read_answers_without_what_browsers_add() {
    let site = Site::start().await;
    let client = reqwest::Client::new();
    let asked = client.request(reqwest::Method::OPTIONS, &site.url).header("origin", "https://app.example.com");
    let asked = asked.header("access-control-request-method", "POST");
    let asked = asked.header("access-control-request-headers", "authorization,x-amz-date").send().await.unwrap();
    let said = |response: &reqwest::Response, name: &str| {
        response.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(asked.status().as_u16(), 204);
    assert_eq!(said(&asked, "access-control-allow-origin").as_deref(), Some("*"));
    assert_eq!(said(&asked, "access-control-allow-methods").as_deref(), Some("GET, POST"));
    let headers = said(&asked, "access-control-allow-headers").unwrap();
    for sent in ["authorization", "content-type", "x-amz-date", "x-amz-security-token", "amz-sdk-request"] {
        assert!(headers.split(", ").any(|allowed| allowed == sent), "{sent}: {headers}");
    }
    assert!(!headers.contains("x-amz-region-set"), "no service here takes Version 4A: {headers}");
    let body = form(&[("Action", "AssumeRoleWithWebIdentity"), ("Version", STS)]);
    let call = client.post(&site.url).header("content-type", "application/x-www-form-urlencoded").body(body);
    let refused = call.header("origin", "https://app.example.com").send().await.unwrap();
    assert_eq!(refused.status().as_u16(), 400);
    assert_eq!(said(&refused, "access-control-allow-origin").as_deref(), Some("*"));
    assert_eq!(said(&refused, "access-control-expose-headers").as_deref(), Some("x-amzn-requestid, date"));
    for response in [&asked, &refused] {
        // With it a browser would let scripts read what was sent with cookies.
        assert_eq!(said(response, "access-control-allow-credentials"), None);
    }
    let plain = client.get(&site.url).send().await.unwrap();
    assert_eq!(said(&plain, "access-control-allow-origin"), None);
}

#[tokio::test]
async fn an_endpoint_that_no_browser_is_to_call_lets_scripts_of_other_sites_read_nothing() {
    let site = Site::with(Endpoint::without_cross_origin).await;
    let client = reqwest::Client::new();
    let asked = client.request(reqwest::Method::OPTIONS, &site.url).header("origin", "https://app.example.com");
    let asked = asked.header("access-control-request-method", "POST").send().await.unwrap();
    assert_eq!(asked.status().as_u16(), 405);
    // Images and forms of other sites call as well as scripts do, and are heard whether or not their answer is read.
    for (name, value, status) in [
        ("origin", "https://app.example.com", 403),
        ("sec-fetch-site", "cross-site", 403),
        ("sec-fetch-site", "same-site", 403),
        ("sec-fetch-site", "none", 400),
        ("user-agent", "aws-cli", 400),
    ] {
        let call = client.get(&site.url).header(name, value).send().await.unwrap();
        assert_eq!(call.status().as_u16(), status, "{name}: {value}");
        assert!(call.headers().keys().all(|name| !name.as_str().starts_with("access-control-")));
    }
    assert!(asked.headers().keys().all(|name| !name.as_str().starts_with("access-control-")));
}

#[tokio::test]
async fn what_cannot_be_read_of_a_signed_call_is_answered_by_the_service_it_is_signed_for() {
    let site = Site::start().await;
    for (service, namespace) in
        [("iam", "https://iam.amazonaws.com/doc/2010-05-08/"), ("sts", "https://sts.amazonaws.com/doc/2011-06-15/")]
    {
        let twice = "Action=ListUsers&MaxItems=1&MaxItems=2".to_owned();
        let refused = site.post(twice, Some(service)).await;
        assert_eq!((refused.status, refused.text("Code")), (400, Some("MalformedQueryString")), "{}", refused.body);
        assert!(refused.body.contains(&format!("xmlns=\"{namespace}\"")), "{service}: {}", refused.body);
    }
}

#[tokio::test]
async fn ids_of_requests_are_uuids_in_the_header_and_in_the_body_alike() {
    let site = Site::start().await;
    let mut seen = Vec::new();
    for (service, action) in [(Some("sts"), "GetCallerIdentity"), (Some("iam"), "ListUsers"), (None, "NoSuchAction")] {
        let body = form(&[("Action", action), ("Version", if service == Some("iam") { IAM } else { STS })]);
        let mut request = reqwest::Client::new().post(&site.url);
        request = request.header("content-type", "application/x-www-form-urlencoded; charset=utf-8");
        for (name, value) in
            service.iter().flat_map(|of| signature(&site.url, &body, &site.credentials, of, issuer::now()))
        {
            request = request.header(name, value);
        }
        let response = request.body(body).send().await.unwrap();
        let header = response.headers()["x-amzn-requestid"].to_str().unwrap().to_owned();
        let reply = Reply { status: response.status().as_u16(), body: response.text().await.unwrap() };
        assert_eq!(reply.text("RequestId"), Some(header.as_str()), "{}", reply.body);
        let lengths: Vec<usize> = header.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{header}");
        assert!(header.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
        assert!(header.chars().nth(14) == Some('4') && !seen.contains(&header), "{header}");
        seen.push(header);
    }
}
