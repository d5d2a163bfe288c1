//! The shapes of tokens that known workload platforms issue, by their published documentation, as trust policies see them.

use daypass::explain::Silent;
use daypass::identity::oidc::{self, OidcProvider, UnverifiedIdToken};
use serde_json::{Value, json};

use crate::support::{Keys, NOW, b64, now};

struct Preset {
    name: &'static str,
    issuer: &'static str,
    audience: &'static str,
    header: Value,
    claims: Value,
    subject: &'static str,
    conditions: &'static [(&'static str, &'static [&'static str])],
}

fn github() -> Preset {
    Preset {
        name: "GitHub Actions",
        issuer: "https://token.actions.githubusercontent.com",
        audience: "sts.amazonaws.com",
        header: json!({"typ": "JWT", "alg": "RS256", "x5t": "eBZ_cn3sXYAd0ch4THBKHIgOwOE", "kid": "RSA"}),
        claims: json!({
            "jti": "a", "sub": "repo:octo-org/octo-repo:environment:prod", "environment": "prod",
            "aud": "sts.amazonaws.com", "ref": "refs/heads/main", "sha": "a1", "repository": "octo-org/octo-repo",
            "repository_owner": "octo-org", "actor_id": "12", "run_attempt": "2", "event_name": "workflow_dispatch",
            "job_workflow_ref": "octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main",
            "nbf": NOW - 600, "exp": NOW + 300, "iat": NOW,
        }),
        subject: "repo:octo-org/octo-repo:environment:prod",
        conditions: &[
            ("token.actions.githubusercontent.com:sub", &["repo:octo-org/octo-repo:environment:prod"]),
            ("token.actions.githubusercontent.com:aud", &["sts.amazonaws.com"]),
            ("token.actions.githubusercontent.com:repository_owner", &["octo-org"]),
        ],
    }
}

fn gitlab() -> Preset {
    Preset {
        name: "GitLab CI",
        issuer: "https://gitlab.example.com",
        audience: "https://sts.example.com",
        header: json!({"kid": "RSA", "typ": "JWT", "alg": "RS256"}),
        claims: json!({
            "namespace_id": "72", "namespace_path": "my-group", "project_path": "my-group/my-project",
            "user_login": "sample-user", "user_identities": [{"provider": "github", "extern_uid": "2435223452345"}],
            "pipeline_source": "web", "ref": "feature-branch-1", "ref_type": "branch", "ref_protected": "false",
            "groups_direct": ["mygroup/mysubgroup"], "jti": "b", "iat": NOW, "nbf": NOW - 5, "exp": NOW + 3600,
            "sub": "project_path:my-group/my-project:ref_type:branch:ref:feature-branch-1",
            "aud": "https://sts.example.com",
        }),
        subject: "project_path:my-group/my-project:ref_type:branch:ref:feature-branch-1",
        conditions: &[
            ("gitlab.example.com:ref_protected", &["false"]),
            ("gitlab.example.com:groups_direct", &["mygroup/mysubgroup"]),
        ],
    }
}

fn kubernetes() -> Preset {
    Preset {
        name: "Kubernetes service account",
        issuer: "https://oidc.eks.example/id/0123456789ABCDEF",
        audience: "sts.amazonaws.com",
        header: json!({"alg": "RS256", "kid": "RSA"}),
        claims: json!({
            "aud": ["sts.amazonaws.com"], "exp": NOW + 86_000, "iat": NOW - 100, "nbf": NOW - 100,
            "kubernetes.io": {
                "namespace": "default", "pod": {"name": "test-pod", "uid": "c"},
                "serviceaccount": {"name": "my-sa", "uid": "d"},
            },
            "sub": "system:serviceaccount:default:my-sa",
        }),
        subject: "system:serviceaccount:default:my-sa",
        conditions: &[
            ("oidc.eks.example/id/0123456789ABCDEF:sub", &["system:serviceaccount:default:my-sa"]),
            ("oidc.eks.example/id/0123456789ABCDEF:aud", &["sts.amazonaws.com"]),
        ],
    }
}

fn spiffe() -> Preset {
    Preset {
        name: "SPIFFE JWT-SVID",
        issuer: "https://oidc-discovery.spire.example",
        audience: "sts.example.com",
        header: json!({"alg": "ES256", "kid": "ES256", "typ": "JOSE"}),
        claims: json!({
            "sub": "spiffe://example.org/ns/prod/sa/photos", "aud": ["sts.example.com"], "exp": NOW + 300,
            "iss": "https://oidc-discovery.spire.example",
        }),
        subject: "spiffe://example.org/ns/prod/sa/photos",
        conditions: &[("oidc-discovery.spire.example:sub", &["spiffe://example.org/ns/prod/sa/photos"])],
    }
}

fn google() -> Preset {
    Preset {
        name: "Google service account",
        issuer: "https://accounts.google.com",
        audience: "107517467455664443765",
        header: json!({"alg": "RS256", "kid": "RSA", "typ": "JWT"}),
        claims: json!({
            "aud": "https://sts.example.com", "azp": "107517467455664443765", "email_verified": true,
            "email": "robot@project.iam.gserviceaccount.com", "exp": NOW + 3600, "iat": NOW,
            "sub": "107517467455664443765",
        }),
        subject: "107517467455664443765",
        conditions: &[
            ("accounts.google.com:aud", &["107517467455664443765"]),
            ("accounts.google.com:oaud", &["https://sts.example.com"]),
            ("accounts.google.com:email_verified", &["true"]),
        ],
    }
}

fn entra() -> Preset {
    Preset {
        name: "Microsoft Entra ID",
        issuer: "https://sts.windows.net/11111111-2222-3333-4444-555555555555/",
        audience: "api://sts.example.com",
        header: json!({"typ": "JWT", "alg": "RS256", "x5t": "abc", "kid": "RSA"}),
        claims: json!({
            "aud": "api://sts.example.com", "iat": NOW - 300, "nbf": NOW - 300, "exp": NOW + 86_000,
            "aio": "e", "appid": "app", "appidacr": "2", "idtyp": "app", "oid": "o", "sub": "o",
            "tid": "11111111-2222-3333-4444-555555555555", "uti": "u", "ver": "1.0", "roles": ["Task.Read"],
        }),
        subject: "o",
        conditions: &[
            ("sts.windows.net/11111111-2222-3333-4444-555555555555:aud", &["api://sts.example.com"]),
            ("sts.windows.net/11111111-2222-3333-4444-555555555555:roles", &["Task.Read"]),
        ],
    }
}

fn token(preset: &Preset) -> String {
    let mut claims = preset.claims.clone();
    claims["iss"] = json!(preset.issuer);
    let alg = preset.header["alg"].as_str().unwrap();
    Keys::of_issuer().sign_raw(alg, &preset.header.to_string(), claims.to_string())
}

#[test]
fn tokens_of_known_platforms_are_accepted_with_their_condition_keys() {
    for preset in [github(), gitlab(), kubernetes(), spiffe(), google(), entra()] {
        let provider = OidcProvider::new(preset.issuer, [preset.audience]).unwrap();
        let unverified = UnverifiedIdToken::for_exchange(format!("{}\n", token(&preset)));
        let outcome = oidc::verify(&provider, &Keys::of_issuer().jwks(), unverified, now(), &mut Silent);
        let identity = outcome.unwrap_or_else(|error| panic!("{}: {}", preset.name, error.reason()));
        assert_eq!(identity.subject(), preset.subject, "{}", preset.name);
        for (name, values) in preset.conditions {
            let found = identity.condition_keys().iter().find(|(key, _)| key == name);
            assert_eq!(
                found.map(|(_, values)| values.as_slice().to_vec()),
                Some(values.iter().map(|v| (*v).to_owned()).collect()),
                "{name}"
            );
        }
    }
}

#[test]
fn a_platforms_token_for_another_service_is_refused() {
    for preset in [github(), gitlab(), kubernetes(), spiffe(), google(), entra()] {
        let provider = OidcProvider::new(preset.issuer, ["another.example"]).unwrap();
        let unverified = UnverifiedIdToken::for_exchange(token(&preset));
        let error = oidc::verify(&provider, &Keys::of_issuer().jwks(), unverified, now(), &mut Silent).unwrap_err();
        assert_eq!(error.rule().name, "audience", "{}", preset.name);
    }
}

#[test]
fn a_platforms_token_signed_by_someone_else_is_refused() {
    let preset = github();
    let provider = OidcProvider::new(preset.issuer, [preset.audience]).unwrap();
    let signed = token(&preset);
    let (input, _) = signed.rsplit_once('.').unwrap();
    let forged = Keys::generate().signature("RS256", input.as_bytes());
    let unverified = UnverifiedIdToken::for_exchange(format!("{input}.{}", b64(forged)));
    let error = oidc::verify(&provider, &Keys::of_issuer().jwks(), unverified, now(), &mut Silent).unwrap_err();
    assert_eq!(error.rule().name, "signature");
}
