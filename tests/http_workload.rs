//! Workloads from token to role session, over HTTP: tokens of platforms as the demo identity provider imitates them, trust
//! policies as the platforms' constructors show them.
#![expect(clippy::unwrap_used, reason = "the lints know test functions, not the helpers beside them")]

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use daypass::http::fetch::IssuerKeys;
use daypass::http::sts::Sts;
use daypass::identity::oidc::workload;
use daypass::identity::oidc::{Jwks, OidcProvider, ProviderError};
use daypass::{Broker, Keyring, Role};
use demo_idp::{Idp, WorkloadToken};
use serde_json::{Value, json};

const AUDIENCE: &str = "sts.example.com";
const ROLE: &str = "arn:aws:iam::111111111111:role/Deploy";
const ALL: [&str; 3] = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession", "sts:SetSourceIdentity"];

/// A Security Token Service that listens, and the issuer it trusts.
struct Service {
    idp: Idp,
    url: String,
    sts: Sts,
    client: reqwest::Client,
}

impl Service {
    /// Trusts `provider` of the issuer for `actions`, under the condition that `condition` makes for the issuer's name.
    async fn start(
        provider: impl FnOnce(&str) -> Result<OidcProvider, ProviderError>,
        actions: &[&str],
        condition: impl FnOnce(&str) -> Value,
        pinned: bool,
    ) -> Self {
        let idp = Idp::builder().start().await.unwrap();
        let provider = provider(idp.issuer()).unwrap().with_local_network();
        let keys = if pinned {
            let jwks = reqwest::get(format!("{}/jwks", idp.base_url())).await.unwrap().bytes().await.unwrap();
            IssuerKeys::pinned(&provider, Jwks::parse(&jwks).unwrap()).unwrap()
        } else {
            IssuerKeys::new(&provider).unwrap()
        };
        let name = provider.issuer().name().to_owned();
        let trust = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": actions,
            "Principal": {"Federated": format!("arn:aws:iam::111111111111:oidc-provider/{name}")},
            "Condition": condition(&name)}});
        let role = Role::new(ROLE.parse().unwrap(), trust.to_string().parse().unwrap()).unwrap();
        let broker = Broker::new(Keyring::generate().unwrap()).with_provider(provider).with_role(role);
        let sts = Sts::new(Arc::new(broker)).with_issuer(idp.issuer(), keys);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let router = sts.clone().router();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { idp, url, sts, client: reqwest::Client::new() }
    }

    async fn github(condition: impl FnOnce(&str) -> Value) -> Self {
        Self::start(|issuer| workload::github_at(issuer, [AUDIENCE]), &ALL, condition, false).await
    }

    /// What AssumeRoleWithWebIdentity answers to a token in a file that ends with a line end.
    async fn exchange(&self, token: WorkloadToken) -> (u16, String) {
        let token = self.idp.workload_token(token.with_audience(AUDIENCE)).unwrap() + "\n";
        let mut form = reqwest::Url::parse("http://form").unwrap();
        form.query_pairs_mut().extend_pairs([
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", ROLE),
            ("RoleSessionName", "job"),
            ("WebIdentityToken", token.as_str()),
        ]);
        let request = self.client.post(&self.url).body(form.query().unwrap().to_owned());
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    }

    /// The claims of the session that the token gives.
    async fn session(&self, token: WorkloadToken) -> Value {
        let (status, body) = self.exchange(token).await;
        assert_eq!(status, 200, "{body}");
        let session_token = body.split("<SessionToken>").nth(1).unwrap().split('<').next().unwrap();
        let payload = URL_SAFE_NO_PAD.decode(session_token.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&payload).unwrap();
        claims.get("session").unwrap().clone()
    }

    async fn refused(&self, token: WorkloadToken) -> String {
        let (status, body) = self.exchange(token).await;
        assert!((400..404).contains(&status), "{status} {body}");
        body.split("<Code>").nth(1).unwrap().split('<').next().unwrap().to_owned()
    }
}

fn job() -> WorkloadToken {
    WorkloadToken::github("octo-org/octo-repo").with_environment("prod")
}

#[tokio::test]
async fn a_job_assumes_its_role_and_no_other_job_does() {
    let service = Service::github(|name| {
        json!({"StringEquals": {format!("{name}:aud"): AUDIENCE,
            format!("{name}:sub"): "repo:octo-org/octo-repo:environment:prod",
            format!("{name}:repository_owner"): "octo-org"}})
    })
    .await;
    let session = service.session(job()).await;
    assert_eq!(session["origin"], "web_identity");
    let name = service.idp.issuer().trim_start_matches("http://").to_owned();
    let keys = &session["federation_keys"];
    assert_eq!(keys[format!("{name}:sub")], json!(["repo:octo-org/octo-repo:environment:prod"]));
    assert_eq!(keys[format!("{name}:aud")], json!([AUDIENCE]));
    for other in [
        WorkloadToken::github("octo-org/octo-repo"),
        WorkloadToken::github("octo-org/other").with_environment("prod"),
        WorkloadToken::github("evil-org/octo-repo").with_environment("prod"),
        job().with_claim("repository_owner", "evil-org"),
    ] {
        assert_eq!(service.refused(other.clone()).await, "AccessDenied", "{other:?}");
    }
}

#[tokio::test]
async fn a_subject_of_another_platform_never_reaches_the_trust_policy() {
    let service = Service::github(|name| json!({"StringLike": {format!("{name}:sub"): "*"}})).await;
    assert_eq!(service.session(job()).await["role_arn"], ROLE);
    for other in [WorkloadToken::gitlab("octo-org/octo-repo"), WorkloadToken::google("107517467455664443765")] {
        assert_eq!(service.refused(other).await, "InvalidIdentityToken");
    }
    assert_eq!(
        service.refused(job().with_lifetime(std::time::Duration::from_secs(7 * 3600))).await,
        "InvalidIdentityToken"
    );
}

#[tokio::test]
async fn each_platforms_imitation_passes_its_own_provider() {
    let spiffe_id = "spiffe://example.org/ns/prod/sa/photos";
    type Made = fn(&str) -> Result<OidcProvider, ProviderError>;
    let platforms: [(Made, WorkloadToken, &str); 4] = [
        (|issuer| workload::github_at(issuer, [AUDIENCE]), job(), "repo:octo-org/octo-repo:environment:prod"),
        (
            |issuer| workload::gitlab_at(issuer, [AUDIENCE]),
            WorkloadToken::gitlab("my-group/app"),
            "project_path:my-group/app:ref_type:branch:ref:main",
        ),
        (
            |issuer| workload::kubernetes(issuer, [AUDIENCE]),
            WorkloadToken::kubernetes("default", "my-sa"),
            "system:serviceaccount:default:my-sa",
        ),
        (|issuer| workload::spiffe(issuer, "example.org", [AUDIENCE]), WorkloadToken::spiffe(spiffe_id), spiffe_id),
    ];
    for (provider, token, subject) in platforms {
        let pinned = |name: &str| json!({"StringEquals": {format!("{name}:sub"): subject}});
        let service = Service::start(provider, &ALL, pinned, false).await;
        let (status, body) = service.exchange(token).await;
        assert!(status == 200 && body.contains(&format!(">{subject}</Subject")), "{body}");
        let another = WorkloadToken::spiffe("spiffe://evil.example/ns/prod/sa/photos");
        assert_eq!(service.refused(another).await, "InvalidIdentityToken", "{subject}");
    }
}

#[tokio::test]
async fn tags_nested_and_flat_source_identity_and_roles_reach_the_session() {
    let tagged = |name: &str| {
        json!({"StringEquals": {"aws:RequestTag/team": "cats", format!("{name}:aud"): AUDIENCE},
            "StringLike": {"sts:SourceIdentity": "octo-*"}})
    };
    let service = Service::github(tagged).await;
    let tags = "https://aws.amazon.com/tags";
    let nested = job().with_claim(tags, json!({"principal_tags": {"team": ["cats"]}, "transitive_tag_keys": ["team"]}));
    let flat = job()
        .with_claim(format!("{tags}/principal_tags/team"), "cats")
        .with_claim(format!("{tags}/transitive_tag_keys"), json!(["team"]));
    for token in [nested, flat] {
        let token = token
            .with_claim("https://aws.amazon.com/source_identity", "octo-cat")
            .with_claim("https://aws.amazon.com/roles", json!([ROLE]));
        let session = service.session(token.clone()).await;
        assert_eq!(session["principal_tags"], json!({"team": "cats"}));
        assert_eq!(session["transitive_tag_keys"], json!(["team"]));
        assert_eq!(session["source_identity"], "octo-cat");
        let elsewhere =
            token.clone().with_claim("https://aws.amazon.com/roles", json!(["arn:aws:iam::111111111111:role/X"]));
        assert_eq!(service.refused(elsewhere).await, "InvalidIdentityToken");
        let other = token.with_claim("https://aws.amazon.com/source_identity", "mallory");
        assert_eq!(service.refused(other).await, "AccessDenied");
    }
    assert_eq!(service.refused(job()).await, "AccessDenied", "the policy asks for a tag");
}

#[tokio::test]
async fn the_authorized_party_stands_for_the_audience_and_methods_are_a_list() {
    let service = Service::start(
        |issuer| OidcProvider::new(issuer, ["app-1"]),
        &ALL,
        |name| {
            json!({"StringEquals": {format!("{name}:aud"): "app-1", format!("{name}:azp"): "app-1",
                format!("{name}:oaud"): AUDIENCE},
                "ForAnyValue:StringEquals": {format!("{name}:amr"): "mfa"}})
        },
        false,
    )
    .await;
    let with = |azp: &str, amr: Value| job().with_claim("azp", azp).with_claim("amr", amr);
    assert_eq!(service.session(with("app-1", json!(["pwd", "mfa"]))).await["origin"], "web_identity");
    assert_eq!(service.refused(with("app-1", json!(["pwd"]))).await, "AccessDenied");
    assert_eq!(service.refused(with("app-2", json!(["mfa"]))).await, "InvalidIdentityToken");
}

#[tokio::test]
async fn pinned_keys_serve_without_a_fetch() {
    let service = Service::start(
        |issuer| workload::kubernetes(issuer, [AUDIENCE]),
        &ALL,
        |name| json!({"StringEquals": {format!("{name}:sub"): "system:serviceaccount:default:my-sa"}}),
        true,
    )
    .await;
    let before = service.idp.requests().len();
    service.session(WorkloadToken::kubernetes("default", "my-sa")).await;
    assert_eq!(service.refused(WorkloadToken::kubernetes("default", "other")).await, "AccessDenied");
    assert_eq!(service.idp.requests().len(), before, "the issuer was asked for something");
    assert_eq!(service.sts.key_metrics()[0].1.fetches, 0);
}

#[tokio::test]
async fn whoever_sets_tags_needs_leave_to() {
    let service =
        Service::start(|issuer| workload::github_at(issuer, [AUDIENCE]), &ALL[..1], |_| json!({}), false).await;
    service.session(job()).await;
    let tagged = job().with_claim("https://aws.amazon.com/tags", json!({"principal_tags": {"team": ["cats"]}}));
    assert_eq!(service.refused(tagged).await, "AccessDenied");
    assert_eq!(service.refused(job().with_claim("https://aws.amazon.com/source_identity", "x1")).await, "AccessDenied");
}
