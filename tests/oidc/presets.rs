//! The shapes of tokens that known workload platforms issue, by their published documentation, against the provider made
//! for each, as trust policies see them.

use std::time::Duration;

use daypass::VerifiedIdentity;
use daypass::explain::Silent;
use daypass::identity::oidc::workload::{self, SubjectForm};
use daypass::identity::oidc::{self, OidcError, OidcProvider, ProviderError, UnverifiedIdToken};
use serde_json::{Value, json};

use crate::support::{Keys, NOW, b64, now};

const TENANT: &str = "11111111-2222-3333-4444-555555555555";
const OBJECT: &str = "66666666-7777-8888-9999-000000000000";

struct Preset {
    name: &'static str,
    issuer: &'static str,
    audience: &'static str,
    provider: fn(&str) -> Result<OidcProvider, ProviderError>,
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
        provider: |audience| workload::github([audience]),
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
        provider: |audience| workload::gitlab_at("https://gitlab.example.com", [audience]),
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
        provider: |audience| workload::kubernetes("https://oidc.eks.example/id/0123456789ABCDEF", [audience]),
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
        provider: |audience| workload::spiffe("https://oidc-discovery.spire.example", "example.org", [audience]),
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
        provider: |audience| workload::google([audience]),
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
        provider: |audience| workload::entra_v1(TENANT, [audience]),
        header: json!({"typ": "JWT", "alg": "RS256", "x5t": "abc", "kid": "RSA"}),
        claims: json!({
            "aud": "api://sts.example.com", "iat": NOW - 300, "nbf": NOW - 300, "exp": NOW + 86_000,
            "aio": "e", "appid": "app", "appidacr": "2", "idtyp": "app", "oid": OBJECT, "sub": OBJECT,
            "tid": TENANT, "uti": "u", "ver": "1.0", "roles": ["Task.Read"],
        }),
        subject: OBJECT,
        conditions: &[
            ("sts.windows.net/11111111-2222-3333-4444-555555555555:aud", &["api://sts.example.com"]),
            ("sts.windows.net/11111111-2222-3333-4444-555555555555:roles", &["Task.Read"]),
        ],
    }
}

fn all() -> [Preset; 6] {
    [github(), gitlab(), kubernetes(), spiffe(), google(), entra()]
}

/// A token of the platform with `changes` to its claims, signed as `alg` with `typ`.
fn token_as(preset: &Preset, alg: &str, typ: Option<&str>, changes: Value) -> String {
    let (mut header, mut claims) = (preset.header.clone(), preset.claims.clone());
    claims["iss"] = json!(preset.issuer);
    let Value::Object(changes) = changes else { panic!("an object") };
    for (name, value) in changes {
        claims[name.as_str()] = value;
    }
    header["alg"] = json!(alg);
    header["kid"] = json!(crate::support::kid(alg));
    if let Some(typ) = typ {
        header["typ"] = json!(typ);
    }
    Keys::of_issuer().sign_raw(alg, &header.to_string(), claims.to_string())
}

fn token_with(preset: &Preset, changes: Value) -> String {
    token_as(preset, preset.header["alg"].as_str().unwrap(), None, changes)
}

fn exchange(provider: &OidcProvider, token: String) -> Result<VerifiedIdentity, OidcError> {
    let unverified = UnverifiedIdToken::for_exchange(token);
    oidc::verify(provider, &Keys::of_issuer().jwks(), unverified, now(), &mut Silent)
}

/// The rule of the platform's provider that refuses its token with these changes.
fn refused_with(preset: &Preset, changes: Value) -> &'static str {
    let provider = (preset.provider)(preset.audience).unwrap();
    exchange(&provider, token_with(preset, changes)).expect_err(preset.name).rule().name
}

#[test]
fn tokens_of_known_platforms_are_accepted_with_their_condition_keys() {
    for preset in all() {
        let provider = (preset.provider)(preset.audience).unwrap();
        assert_eq!(provider.issuer().as_str(), preset.issuer);
        let outcome = exchange(&provider, format!("{}\n", token_with(&preset, json!({}))));
        let identity = outcome.unwrap_or_else(|error| panic!("{}: {}", preset.name, error.reason()));
        assert_eq!(identity.subject(), preset.subject, "{}", preset.name);
        for (name, values) in preset.conditions {
            let found = identity.condition_keys().iter().find(|(key, _)| key == name);
            let values: Vec<_> = values.iter().map(|value| (*value).to_owned()).collect();
            assert_eq!(found.map(|(_, values)| values), Some(&values), "{name}");
            assert!(provider.condition_keys().iter().any(|key| key == name), "{name} is not listed");
        }
    }
}

#[test]
fn a_platforms_token_for_another_service_is_refused() {
    for preset in all() {
        let provider = (preset.provider)("another.example").unwrap();
        let error = exchange(&provider, token_with(&preset, json!({}))).unwrap_err();
        assert_eq!(error.rule().name, "audience", "{}", preset.name);
        // Without an audience it would be for everybody.
        assert_eq!(refused_with(&preset, json!({"aud": []})), "claims", "{}", preset.name);
    }
}

#[test]
fn a_platforms_token_signed_by_someone_else_is_refused() {
    for preset in all() {
        let signed = token_with(&preset, json!({}));
        let (input, _) = signed.rsplit_once('.').unwrap();
        let forged = Keys::generate().signature(preset.header["alg"].as_str().unwrap(), input.as_bytes());
        let provider = (preset.provider)(preset.audience).unwrap();
        let error = exchange(&provider, format!("{input}.{}", b64(forged))).unwrap_err();
        assert_eq!(error.rule().name, "signature", "{}", preset.name);
    }
}

#[test]
fn each_platform_signs_with_its_own_algorithms_alone() {
    const ALL: [&str; 10] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];
    for (preset, own) in all().into_iter().zip([
        &["RS256"][..],
        &["RS256"],
        &["RS256", "ES256", "ES384", "ES512"],
        &["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512"],
        &["RS256"],
        &["RS256"],
    ]) {
        let provider = (preset.provider)(preset.audience).unwrap();
        for alg in ALL {
            let outcome = exchange(&provider, token_as(&preset, alg, None, json!({})));
            let refused = outcome.err().map(|error| error.rule().name);
            assert_eq!(refused, (!own.contains(&alg)).then_some("algorithm"), "{} {alg}", preset.name);
        }
    }
}

#[test]
fn a_subject_of_another_platform_shows_that_the_issuer_is_another() {
    let subjects = all().map(|preset| preset.subject);
    for preset in all() {
        for subject in subjects.iter().filter(|subject| **subject != preset.subject) {
            assert_eq!(refused_with(&preset, json!({"sub": subject})), "subject_form", "{}: {subject}", preset.name);
        }
        for subject in ["martha", "*", "https://a.example", "repo:octo-org/*", "system:serviceaccount:*:*"] {
            assert_eq!(refused_with(&preset, json!({"sub": subject})), "subject_form", "{}: {subject}", preset.name);
        }
    }
}

#[test]
fn whose_workload_it_is_stays_the_business_of_the_trust_policy() {
    for (preset, subject) in [
        (github(), "repo:evil-org/octo-repo:environment:prod"),
        (gitlab(), "project_path:evil-group/my-project:ref_type:branch:ref:main"),
        (kubernetes(), "system:serviceaccount:evil:my-sa"),
        (spiffe(), "spiffe://example.org/ns/evil/sa/photos"),
    ] {
        let provider = (preset.provider)(preset.audience).unwrap();
        let identity = exchange(&provider, token_with(&preset, json!({"sub": subject}))).unwrap();
        assert_eq!(identity.subject(), subject);
    }
}

#[test]
fn a_spiffe_id_of_another_trust_domain_is_refused() {
    for subject in [
        "spiffe://evil.example/ns/prod/sa/photos",
        "spiffe://example.org.evil.example/ns/prod/sa/photos",
        "spiffe://example.org",
        "spiffe://example.org/../evil",
        "spiffe://user@example.org/a",
    ] {
        assert_eq!(refused_with(&spiffe(), json!({"sub": subject})), "subject_form", "{subject}");
    }
}

#[test]
fn only_the_types_of_the_platform_are_accepted() {
    for preset in all() {
        let provider = (preset.provider)(preset.audience).unwrap();
        let alg = preset.header["alg"].as_str().unwrap();
        for typ in ["JWT", "jwt", "JOSE", "at+jwt", "logout+jwt", "dpop+jwt"] {
            let complete = json!({"client_id": "c", "jti": "1", "iat": NOW});
            let refused = exchange(&provider, token_as(&preset, alg, Some(typ), complete)).err();
            let fits = typ.eq_ignore_ascii_case("jwt") || (typ == "JOSE" && preset.name.starts_with("SPIFFE"));
            assert_eq!(refused.map(|error| error.rule().name), (!fits).then_some("type"), "{} {typ}", preset.name);
        }
    }
}

#[test]
fn no_token_outlives_what_its_platform_issues() {
    for (preset, longest) in all().into_iter().zip([6 * 3600, 24 * 3600, 24 * 3600, 3600, 3600, 28 * 3600]) {
        let provider = (preset.provider)(preset.audience).unwrap();
        let lasting = |seconds: i64| token_with(&preset, json!({"iat": NOW, "exp": NOW + seconds}));
        assert!(exchange(&provider, lasting(longest)).is_ok(), "{}", preset.name);
        let error = exchange(&provider, lasting(longest + 1)).unwrap_err();
        assert_eq!(error.rule().name, "lifetime", "{}", preset.name);
        let patient = provider.with_max_lifetime(Duration::from_secs(30 * 86_400));
        assert!(exchange(&patient, lasting(longest + 1)).is_ok(), "{}", preset.name);
        assert_eq!(refused_with(&preset, json!({"exp": NOW - 60, "iat": NOW - 300})), "expiration");
    }
}

#[test]
fn enterprises_have_issuers_of_their_own() {
    for (issuer, provider) in [
        ("https://token.actions.githubusercontent.com/octo-enterprise", None),
        ("https://token.actions.octo-corp.ghe.com", None),
        (
            "https://github.office.example/_services/token",
            Some(workload::github_enterprise_server("github.office.example", ["sts.amazonaws.com"])),
        ),
    ] {
        let provider = provider.unwrap_or_else(|| workload::github_at(issuer, ["sts.amazonaws.com"])).unwrap();
        let preset = github();
        assert!(exchange(&provider, token_with(&preset, json!({"iss": issuer}))).is_ok(), "{issuer}");
        // A token of github.com is not one of the enterprise.
        assert_eq!(exchange(&provider, token_with(&preset, json!({}))).unwrap_err().rule().name, "issuer", "{issuer}");
    }
}

#[test]
fn customised_subjects_are_accepted_where_an_operator_says_so() {
    let subject = json!({"sub": "repository_owner:octo-org:environment:prod"});
    assert_eq!(refused_with(&github(), subject.clone()), "subject_form");
    let provider = workload::github(["sts.amazonaws.com"]).unwrap().with_subject_form(SubjectForm::GithubTemplate);
    assert!(exchange(&provider, token_with(&github(), subject)).is_ok());
}

#[test]
fn entras_second_version_names_the_application_that_came() {
    let provider = workload::entra_v2(TENANT, ["aaaaaaaa-0000-0000-0000-000000000000"]).unwrap();
    let issuer = format!("https://login.microsoftonline.com/{TENANT}/v2.0");
    let second = |azp: &str| {
        let service = "bbbbbbbb-0000-0000-0000-000000000000";
        let changes = json!({"iss": issuer, "ver": "2.0", "aud": service, "azp": azp, "azpacr": "2"});
        exchange(&provider, token_with(&entra(), changes))
    };
    let identity = second("aaaaaaaa-0000-0000-0000-000000000000").unwrap();
    let oaud = format!("login.microsoftonline.com/{TENANT}/v2.0:oaud");
    let found = identity.condition_keys().iter().find(|(key, _)| *key == oaud).unwrap();
    assert_eq!(found.1, ["bbbbbbbb-0000-0000-0000-000000000000"]);
    assert_eq!(second("cccccccc-0000-0000-0000-000000000000").unwrap_err().rule().name, "audience");
    let other = json!({"iss": "https://login.microsoftonline.com/common/v2.0"});
    assert_eq!(exchange(&provider, token_with(&entra(), other)).unwrap_err().rule().name, "issuer");
}

#[test]
fn people_who_sign_in_have_subjects_of_any_form() {
    let provider = workload::gitlab_at(crate::support::ISSUER, [crate::support::CLIENT]).unwrap();
    let token = crate::support::sign_in(Keys::of_issuer().sign("RS256", &crate::support::claims()));
    assert!(crate::support::verify_at(&provider, token, now()).is_ok());
}
