//! Each lint finds what it is for, and not its nearest neighbour.

use std::collections::BTreeSet;

use daypass::policy::lint::{self, Finding, Severity};
use daypass::policy::{Kind, Policy};

use super::{document, policy};

pub(crate) const GITHUB: &str = "token.actions.githubusercontent.com";
const GITLAB: &str = "gitlab.com";

pub(crate) fn lints(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.lint.name).collect()
}

pub(crate) fn found(kind: Kind, statements: &str) -> Vec<Finding> {
    lint::findings(&policy(kind, statements))
}

/// A trust statement for an issuer's tokens.
pub(crate) fn federated(issuer: &str, condition: &str) -> String {
    format!(
        r#"{{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity",
            "Principal":{{"Federated":"arn:aws:iam::111111111111:oidc-provider/{issuer}"}},"Condition":{condition}}}"#
    )
}

/// What is found of trust in tokens of an issuer with this audience and what `more` holds.
fn tested(issuer: &str, more: &str) -> Vec<Finding> {
    let condition = format!(r#"{{"StringEquals":{{"{issuer}:aud":"sts.amazonaws.com"}}{more}}}"#);
    found(Kind::Trust, &federated(issuer, &condition))
}

fn subject_like(issuer: &str, pattern: &str) -> Vec<Finding> {
    tested(issuer, &format!(r#","StringLike":{{"{issuer}:sub":"{pattern}"}}"#))
}

pub(crate) fn allow(action: &str, resource: &str, more: &str) -> String {
    format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"{more}}}"#)
}

fn condition(block: &str) -> Vec<Finding> {
    found(Kind::Identity, &allow("s3:GetObject", "arn:aws:s3:::a/b", &format!(r#","Condition":{block}"#)))
}

#[test]
fn a_wildcard_sub_in_a_role_trust_is_found() {
    let cases = [
        (GITHUB, "*", Some("anyone on GitHub")),
        (GITHUB, "re*", Some("anyone on GitHub")),
        (GITHUB, "repo:*", Some("anyone on GitHub")),
        (GITHUB, "repo:*:ref:refs/heads/main", Some("anyone on GitHub")),
        (GITHUB, "repo:octo-org*", Some("all organizations whose name starts with octo-org, those of strangers too")),
        (GITHUB, "repo:octo-or?/a:ref:refs/heads/main", Some("all organizations whose name starts with octo-or")),
        (GITHUB, "repo:octo-org/*", Some("every repository of octo-org, with all its branches and pull requests")),
        (GITHUB, "repo:octo-org/app-*:ref:refs/heads/main", Some("every repository whose name starts with app- of")),
        (GITHUB, "repo:octo-org/octo-repo*", Some("every repository whose name starts with octo-repo of octo-org")),
        (
            GITHUB,
            "repo:octo-org/octo-repo:*",
            Some("every one of the branches and pull requests of octo-org/octo-repo"),
        ),
        (GITHUB, "repo:octo-org/octo-repo:pull_*", Some("every one of the branches and pull requests of")),
        (GITHUB, "repo:octo-org/octo-repo:ref:refs/heads/*", None),
        (GITHUB, "repo:octo-org/octo-repo:environment:prod-?", None),
        (GITHUB, "repo:octo-org/octo-repo:ref:refs/heads/main", None),
        (GITLAB, "project_path:my-group*", Some("all groups whose name starts with my-group")),
        (GITLAB, "project_path:my-group/*", Some("every project of my-group, with all its branches and tags")),
        (
            GITLAB,
            "project_path:my-group/my-project:*",
            Some("every one of the branches and tags of my-group/my-project"),
        ),
        (GITLAB, "project_path:my-group/my-project:ref_type:branch:ref:release-*", None),
        ("git.example.com", "project_path:my-group/*", Some("every project of my-group")),
        ("oidc.cluster.example", "system:serviceaccount:*:deploy", Some("anyone on the cluster")),
        (
            "oidc.cluster.example",
            "system:serviceaccount:prod*:deploy",
            Some("all namespaces whose name starts with prod"),
        ),
        ("oidc.cluster.example", "system:serviceaccount:prod:deploy-*", None),
        ("svid.example.org", "spiffe://example.org*", Some("all trust domains whose name starts with example.org")),
        ("svid.example.org", "spiffe://example.org/*", Some("every workload of example.org")),
        ("svid.example.org", "spiffe://example.org/ns/prod/*", None),
        ("agent.example.com", "organization:acme:*", Some("every pipeline or workspace of acme")),
        ("agent.example.com", "organization:acme:pipeline:deploy:*", None),
        ("idp.example.com", "*@example.com", Some("whoever the provider gives a token to")),
        ("idp.example.com", "service-*", None),
    ];
    for (issuer, pattern, reaches) in cases {
        let findings = subject_like(issuer, pattern);
        let Some(reaches) = reaches else {
            assert_eq!(lints(&findings), [""; 0], "{pattern}");
            continue;
        };
        assert_eq!(lints(&findings), ["subject-wildcard"], "{pattern}");
        let expected = format!("StringLike on {issuer}:sub takes \"{pattern}\": {reaches}");
        assert!(findings[0].problem.starts_with(&expected), "{}", findings[0].problem);
        assert_eq!((findings[0].lint.severity, findings[0].statement.as_deref()), (Severity::Risky, Some("1")));
        // The value itself is pointed at.
        let condition =
            format!(r#"{{"StringEquals":{{"{issuer}:aud":"sts.amazonaws.com"}},"StringLike":{{"{issuer}:sub":"#);
        let line = document(&federated(issuer, &condition));
        let line = line.lines().last().unwrap();
        assert_eq!(findings[0].at.line, 2);
        assert_eq!(usize::try_from(findings[0].at.column).unwrap(), line.len() - "}]}".len() + 1, "{pattern}");
    }
}

#[test]
fn a_wildcard_sub_that_other_claims_narrow_is_none() {
    let with = |pattern: &str, claim: &str, value: &str| {
        let more = format!(
            r#","StringLike":{{"{GITHUB}:sub":"{pattern}"}},"StringEqualsIgnoreCase":{{"{GITHUB}:{claim}":"{value}"}}"#
        );
        lints(&tested(GITHUB, &more))
    };
    let workflow = "octo-org/shared/.github/workflows/deploy.yml@refs/heads/main";
    assert_eq!(with("repo:octo-org/*", "job_workflow_ref", workflow), [""; 0]);
    assert_eq!(with("repo:octo-org/octo-repo:*", "ref", "refs/heads/main"), [""; 0]);
    assert_eq!(with("repo:*", "repository_id", "123"), [""; 0]);
    // Strangers call a shared workflow too, and a branch may be called so anywhere.
    assert_eq!(with("repo:*", "job_workflow_ref", workflow), ["subject-wildcard"]);
    assert_eq!(with("repo:octo-org/*", "ref", "refs/heads/main"), ["subject-wildcard"]);
    assert_eq!(with("repo:octo-org/octo-repo:*", "actor", "martha"), ["subject-wildcard"]);
    // Of two tests of one key both must hold.
    let both = format!(
        r#","StringLike":{{"{GITHUB}:sub":"repo:*"}},"StringEqualsIgnoreCase":{{"{GITHUB}:sub":"repo:a/b:c"}}"#
    );
    assert_eq!(lints(&tested(GITHUB, &both)), [""; 0]);
}

#[test]
fn a_missing_aud_condition_is_found() {
    let without = format!(r#"{{"StringEquals":{{"{GITHUB}:sub":"repo:octo-org/octo-repo:environment:prod"}}}}"#);
    let findings = found(Kind::Trust, &federated(GITHUB, &without));
    assert_eq!(lints(&findings), ["audience-missing"]);
    assert_eq!(findings[0].lint.severity, Severity::Risky);
    assert!(findings[0].problem.starts_with(&format!("no condition tests {GITHUB}:aud")), "{}", findings[0].problem);
    assert!(findings[0].instead.contains("is enough while it holds that one audience"), "{}", findings[0].instead);
    assert_eq!((findings[0].at.line, findings[0].at.column), (2, 38));
    let with =
        r#","StringLike":{"token.actions.githubusercontent.com:sub":"repo:octo-org/octo-repo:environment:prod"}"#;
    assert_eq!(lints(&tested(GITHUB, with)), [""; 0]);
    // What Google's tokens were asked for is `oaud`; the keys of other providers have other names.
    let google = r#"{"StringEquals":{"accounts.google.com:oaud":"https://sts.example","accounts.google.com:sub":"1"}}"#;
    assert_eq!(lints(&found(Kind::Trust, &federated("accounts.google.com", google))), [""; 0]);
    let amazon = r#"{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"www.amazon.com"},
        "Condition":{"StringEquals":{"www.amazon.com:app_id":"a","www.amazon.com:user_id":"b"}}}"#;
    assert_eq!(lints(&found(Kind::Trust, amazon)), [""; 0]);
}

#[test]
fn a_missing_sub_condition_is_found() {
    let findings = tested(GITHUB, "");
    assert_eq!(lints(&findings), ["subject-missing"]);
    assert!(findings[0].problem.ends_with(&format!("as any subject: no condition tests {GITHUB}:sub")));
    let pinned = r#","StringEqualsIgnoreCase":{"token.actions.githubusercontent.com:repository":"octo-org/octo-repo"}"#;
    assert_eq!(lints(&tested(GITHUB, pinned)), [""; 0]);
    // Whose repository it is says not which, and tags are nobody's way in.
    let owner = r#","StringEqualsIgnoreCase":{"token.actions.githubusercontent.com:repository_owner":"octo-org"}"#;
    assert_eq!(lints(&tested(GITHUB, owner)), ["subject-missing"]);
    let tags = format!(
        r#"{{"Effect":"Allow","Action":"sts:TagSession","Principal":{{"Federated":"arn:aws:iam::1:oidc-provider/{GITHUB}"}}}}"#
    );
    assert_eq!(lints(&found(Kind::Trust, &tags)), [""; 0]);
    let bare = tags.replace("TagSession", "AssumeRoleWith*");
    assert_eq!(lints(&found(Kind::Trust, &bare)), ["audience-missing", "subject-missing"]);
    let deny = bare.replace("Allow", "Deny");
    assert_eq!(lints(&found(Kind::Trust, &deny)), [""; 0]);
}

#[test]
fn a_test_that_an_absent_or_another_claim_passes_is_found() {
    let sub = |operator: &str, more: &str| {
        tested(GITHUB, &format!(r#","{operator}":{{"{GITHUB}:sub":"repo:o/r:ref:refs/heads/main"}}{more}"#))
    };
    assert_eq!(lints(&sub("StringLike", "")), [""; 0]);
    assert_eq!(lints(&sub("StringEqualsIfExists", "")), ["absent-key-passes"]);
    assert_eq!(lints(&sub("StringNotEquals", "")), ["negation-alone"]);
    assert_eq!(lints(&sub("ForAllValues:StringEquals", "")), ["for-all-values"]);
    assert_eq!(lints(&sub("ForAnyValue:StringEquals", "")), [""; 0]);
    assert_eq!(lints(&sub("ForAnyValue:StringNotEquals", "")), ["negation-alone"]);
    let beside = format!(r#","StringLike":{{"{GITHUB}:sub":"repo:o/r:ref:refs/heads/*"}}"#);
    assert_eq!(lints(&sub("StringNotEquals", &beside)), [""; 0]);
    let present = format!(r#","Null":{{"{GITHUB}:sub":"false"}}"#);
    assert_eq!(lints(&sub("ForAllValues:StringEquals", &present)), [""; 0]);
    let aud = format!(r#"{{"StringEquals":{{"{GITHUB}:sub":"a"}},"StringEqualsIfExists":{{"{GITHUB}:aud":"b"}}}}"#);
    let findings = found(Kind::Trust, &federated(GITHUB, &aud));
    assert_eq!(
        findings[0].problem,
        format!("StringEqualsIfExists on {GITHUB}:aud lets tokens without that audience in")
    );
}

/// As the guides write it: whoever is asked about setting a context is told whose it is.
#[test]
fn for_all_values_of_context_providers_is_no_gap_where_a_context_is_set() {
    let center = r#"{"ForAllValues:ArnEquals":{"sts:RequestContextProviders":"arn:aws:iam::aws:contextProvider/IdentityCenter"}}"#;
    let trusting = |actions: &str| {
        let service = r#"{"Service":"access-grants.s3.amazonaws.com"}"#;
        let statement =
            format!(r#"{{"Effect":"Allow","Principal":{service},"Action":{actions},"Condition":{center}}}"#);
        lints(&found(Kind::Trust, &statement)).contains(&"for-all-values")
    };
    assert!(!trusting(r#""sts:SetContext""#) && !trusting(r#"["sts:setcontext"]"#));
    for more in [r#"["sts:AssumeRole","sts:SetContext"]"#, r#""sts:*""#, r#""sts:Set*""#] {
        assert!(trusting(more), "{more}");
    }
}

#[test]
fn for_all_values_is_found_where_absence_is_no_empty_list() {
    assert_eq!(
        lints(&condition(r#"{"ForAllValues:StringEquals":{"aws:PrincipalOrgPaths":"o-1/*/"}}"#)).first(),
        Some(&"for-all-values")
    );
    assert_eq!(lints(&condition(r#"{"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}"#)), [""; 0]);
    let denial = allow("s3:*", "arn:aws:s3:::a/b", r#","Condition":{"ForAllValues:StringEquals":{"a:b":"c"}}"#);
    assert_eq!(lints(&found(Kind::Identity, &denial.replace("Allow", "Deny"))), [""; 0]);
}

#[test]
fn a_condition_on_another_issuers_key_is_found() {
    let other = r#","StringLike":{"token.actions.githubusercontent.com:sub":"repo:o/r:environment:prod"}"#;
    let findings = tested(GITLAB, other);
    assert_eq!(lints(&findings), ["other-issuer"]);
    assert_eq!(
        findings[0].problem,
        format!(
            "StringLike on {GITHUB}:sub tests a key that no provider of the statement sets: tokens without it never match"
        )
    );
    let open = r#","StringNotLike":{"token.actions.githubusercontent.com:sub":"repo:o/r:environment:prod"}"#;
    let findings = tested(GITLAB, open);
    assert_eq!(lints(&findings), ["subject-missing", "other-issuer"]);
    assert!(findings[1].problem.ends_with("it passes without it"), "{}", findings[1].problem);
    assert_eq!(
        lints(&tested(GITLAB, r#","StringLike":{"GitLab.com:sub":"project_path:g/p:ref_type:tag:ref:v1"}"#)),
        [""; 0]
    );
    assert_eq!(lints(&tested(GITLAB, r#","StringLike":{"saml:sub":"a"}"#)), ["other-issuer"]);
    // Sessions of roles that came by a token have its keys.
    let mixed = r#"{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::111111111111:role/a"},
        "Condition":{"StringEquals":{"gitlab.com:sub":"a"}}}"#;
    assert_eq!(lints(&found(Kind::Trust, mixed)), [""; 0]);
    let two = federated(GITLAB, r#"{"StringEquals":{"gitlab.com:aud":"a","gitlab.com:sub":"b"}}"#).replace(
        r#""arn:aws:iam::111111111111:oidc-provider/gitlab.com""#,
        r#"["arn:aws:iam::111111111111:oidc-provider/gitlab.com","arn:aws:iam::111111111111:oidc-provider/b.example"]"#,
    );
    let findings = found(Kind::Trust, &two);
    assert_eq!(lints(&findings), ["other-issuer", "other-issuer"]);
    assert!(findings[0].problem.contains("not every provider of the statement sets"), "{}", findings[0].problem);
}

#[test]
fn a_saml_trust_without_a_recipient_is_noted() {
    let trust = r#"{"Effect":"Allow","Action":["sts:AssumeRoleWithSAML","sts:TagSession"],
        "Principal":{"Federated":"arn:aws:iam::111111111111:saml-provider/corp"}}"#;
    let findings = found(Kind::Trust, trust);
    assert_eq!(lints(&findings), ["saml-audience-missing"]);
    assert!(!findings[0].lint.severity.is_warning());
    let tested =
        trust.replace(r#"corp"}"#, r#"corp"},"Condition":{"StringEquals":{"saml:aud":"https://a.example/acs"}}"#);
    assert_eq!(lints(&found(Kind::Trust, &tested)), [""; 0]);
    assert_eq!(
        lints(&found(Kind::Trust, &tested.replace("StringEquals", "StringEqualsIfExists"))),
        ["absent-key-passes"]
    );
}

#[test]
fn trust_in_everyone_and_in_accounts_is_found() {
    let trust = |principal: &str, more: &str| {
        let statement = format!(r#"{{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{principal}{more}}}"#);
        lints(&found(Kind::Trust, &statement))
    };
    let org = r#","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#;
    let vendor = r#","Condition":{"StringEquals":{"sts:ExternalId":"x"}}"#;
    for everyone in [r#""*""#, r#"{"AWS":"*"}"#, r#"{"AWS":["111111111111:role/a","*"]}"#] {
        let everyone = everyone.replace("111111111111:role", "arn:aws:iam::111111111111:role");
        assert_eq!(trust(&everyone, ""), ["everyone-trusted"], "{everyone}");
        assert_eq!(trust(&everyone, org), [""; 0], "{everyone}");
    }
    for account in [r#"{"AWS":"222222222222"}"#, r#"{"AWS":"arn:aws:iam::222222222222:root"}"#] {
        assert_eq!(trust(account, ""), ["account-trusted"], "{account}");
        assert_eq!(trust(account, vendor), [""; 0], "{account}");
    }
    assert_eq!(trust(r#"{"AWS":"arn:aws:iam::222222222222:role/ci"}"#, ""), [""; 0]);
    assert_eq!(trust(r#"{"AWS":"arn:aws:iam::222222222222:role/*"}"#, ""), ["names-nothing"]);
    assert_eq!(trust(r#"{"Service":"ec2.amazonaws.com"}"#, ""), [""; 0]);
    let public = r#"{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::a/*"}"#;
    let findings = found(Kind::Resource, public);
    assert_eq!((lints(&findings), findings[0].lint.severity), (vec!["everyone-admitted"], Severity::Risky));
    let closed = r#","Condition":{"NotIpAddress":{"aws:SourceIp":"192.0.2.0/24"}}}"#;
    let findings = found(Kind::Resource, &public.replace('}', closed));
    assert_eq!((lints(&findings), findings[0].lint.severity), (vec!["everyone-conditioned"], Severity::Note));
    let not = public.replace(r#""Principal":"*""#, r#""NotPrincipal":{"AWS":"222222222222"}"#);
    let findings = found(Kind::Resource, &not);
    assert_eq!(lints(&findings), ["not-principal"]);
    assert!(findings[0].problem.contains("anonymous callers too"), "{}", findings[0].problem);
    let findings = found(Kind::Resource, &not.replace("Allow", "Deny"));
    assert!(findings[0].problem.contains("permissions boundary"), "{}", findings[0].problem);
}

#[test]
fn allowances_wider_than_a_job_needs_are_found() {
    let identity = |statement: &str| lints(&found(Kind::Identity, statement));
    let mfa = r#","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#;
    assert_eq!(identity(&allow("*", "*", "")), ["allow-all"]);
    assert_eq!(identity(&allow("*", "*", mfa)), [""; 0]);
    assert_eq!(identity(&allow("*", "arn:aws:s3:::a/*", "")), [""; 0]);
    assert_eq!(identity(&allow("s3:*", "*", "")), [""; 0]);
    // These kinds only say the most that is allowed.
    for kind in [Kind::Boundary, Kind::Session, Kind::ServiceControl] {
        assert_eq!(lints(&found(kind, &allow("*", "*", ""))), [""; 0], "{kind}");
    }
    let not_action = r#"{"Effect":"Allow","NotAction":["iam:*","sts:*"],"Resource":"*"}"#;
    assert_eq!(identity(not_action), ["not-action"]);
    for nothing in [
        r#"{"Effect":"Allow","NotAction":"*","Resource":"*"}"#,
        r#"{"Effect":"Allow","Action":"s3:*","NotResource":["arn:aws:s3:::a","*"]}"#,
        r#"{"Effect":"Deny","NotAction":"*","Resource":"*"}"#,
    ] {
        assert_eq!(identity(nothing), ["never-matches"], "{nothing}");
    }
    // A condition that no request fails is none.
    for (block, expected) in [
        (r#"{"StringLike":{"aws:UserAgent":"*"}}"#, true),
        (r#"{"StringLikeIfExists":{"aws:PrincipalTag/team":"*"}}"#, true),
        (r#"{"StringLike":{"aws:PrincipalTag/team":"*"}}"#, false),
        (r#"{"StringNotLikeIfExists":{"aws:UserAgent":"*"}}"#, false),
        (r#"{"StringLike":{"aws:UserAgent":"curl*"}}"#, false),
    ] {
        let expected: &[&str] = if expected { &["allow-all"] } else { &[] };
        assert_eq!(identity(&allow("*", "*", &format!(r#","Condition":{block}"#))), expected, "{block}");
    }
    assert!(found(Kind::Identity, not_action)[0].problem.contains("every action but \"iam:*\" and 1 more"));
    assert_eq!(identity(&not_action.replace("Allow", "Deny")), [""; 0]);
    let not_resource = r#"{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:::a/*"}"#;
    assert_eq!(identity(not_resource), ["not-resource"]);
    assert_eq!(identity(&not_resource.replace("Allow", "Deny")), [""; 0]);
    for action in ["iam:PassRole", "IAM:pass*", "iam:*", "sts:AssumeRole"] {
        let more: &[&str] = if action == "iam:*" { &["escalation"] } else { &[] };
        assert_eq!(identity(&allow(action, "*", "")), [more, &["every-role"]].concat(), "{action}");
        assert_eq!(identity(&allow(action, "arn:aws:iam::111111111111:role/*", "")), ["every-role"], "{action}");
        assert_eq!(identity(&allow(action, "arn:aws:iam::111111111111:role/app-*", "")), [""; 0], "{action}");
    }
    let to_service = r#","Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}"#;
    assert_eq!(identity(&allow("iam:PassRole", "*", to_service)), [""; 0]);
    assert_eq!(identity(&allow("iam:GetRole", "*", "")), [""; 0]);
}

#[test]
fn an_action_that_none_of_the_principals_can_ask_for_is_found() {
    let saml = r#"{"Federated":"arn:aws:iam::111111111111:saml-provider/corp"}"#;
    let openid = r#"{"Federated":"arn:aws:iam::111111111111:oidc-provider/login.example.com"}"#;
    let google = r#"{"Federated":"accounts.google.com"}"#;
    let (account, service) = (r#"{"AWS":"111111111111"}"#, r#"{"Service":"ec2.amazonaws.com"}"#);
    let both = r#"{"AWS":"111111111111","Federated":"arn:aws:iam::111111111111:saml-provider/corp"}"#;
    for (principal, action, expected) in [
        (saml, "sts:AssumeRoleWithSAML", false),
        (saml, "sts:AssumeRole", true),
        (saml, "sts:AssumeRoleWithWebIdentity", true),
        (openid, "sts:AssumeRoleWithSAML", true),
        (openid, "sts:AssumeRole", true),
        (openid, "sts:assumerolewithwebidentity", false),
        (google, "sts:AssumeRoleWithWebIdentity", false),
        (account, "sts:AssumeRoleWithSAML", true),
        (account, "sts:AssumeRole", false),
        (account, "sts:SetContext", false),
        (service, "sts:AssumeRole", false),
        (service, "sts:AssumeRoleWith*", true),
        (saml, "sts:AssumeRole*", false),
        (saml, "sts:*", false),
        (saml, "sts:TagSession", false),
        (openid, "sts:SetSourceIdentity", false),
        (saml, "sts:SetContext", true),
        (both, "sts:AssumeRole", false),
        (both, "sts:AssumeRoleWithSAML", false),
        (both, "sts:AssumeRoleWithWebIdentity", true),
        (r#""*""#, "sts:AssumeRoleWithWebIdentity", false),
        (account, "sts:GetCallerIdentity", true),
        (account, "sts:Get*", true),
    ] {
        let of = |effect: &str| {
            let statement = format!(r#"{{"Effect":"{effect}","Principal":{principal},"Action":"{action}"}}"#);
            lints(&found(Kind::Trust, &statement)).contains(&"other-action")
        };
        assert_eq!(of("Allow"), expected, "{principal} {action}");
        assert!(!of("Deny"), "{principal} {action}");
    }
}

#[test]
fn a_resource_that_is_open_to_the_world_is_found() {
    let of = |principal: &str, more: &str| {
        let statement = format!(r#"{{"Effect":"Allow","Principal":{principal},"Action":"s3:GetObject"{more}}}"#);
        lints(&found(Kind::Resource, &statement))
    };
    assert_eq!(of(r#""*""#, ""), ["everyone-admitted"]);
    assert_eq!(of(r#"{"AWS":["111111111111","*"]}"#, ""), ["everyone-admitted"]);
    assert_eq!(of(r#""*""#, r#","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#), [""; 0]);
    assert_eq!(of(r#"{"AWS":"111111111111"}"#, ""), [""; 0]);
    assert_eq!(lints(&found(Kind::Resource, r#"{"Effect":"Deny","Principal":"*","Action":"s3:*"}"#)), [""; 0]);
}

#[test]
fn a_wildcard_in_the_name_of_a_provider_or_service_is_found() {
    for principal in [
        r#"{"Service":"*"}"#,
        r#"{"Service":"*.amazonaws.com"}"#,
        r#"{"Federated":"*"}"#,
        r#"{"Federated":"arn:aws:iam::111111111111:saml-provider/*"}"#,
        r#"{"CanonicalUser":"*"}"#,
        r#"{"AWS":"arn:aws:iam::111111111111:role/*"}"#,
    ] {
        let statement = format!(r#"{{"Effect":"Allow","Principal":{principal},"Action":"s3:GetObject"}}"#);
        assert_eq!(lints(&found(Kind::Resource, &statement)), ["names-nothing"], "{principal}");
    }
}

#[test]
fn whoever_may_write_policies_is_found() {
    for (action, resource, expected) in [
        ("iam:PutUserPolicy", "*", true),
        ("iam:Attach*", "*", true),
        ("iam:*", "*", true),
        ("IAM:createaccesskey", "*", true),
        ("iam:PutUserPolicy", "arn:aws:iam::111111111111:user/team/*", false),
        ("iam:Get*", "*", false),
        ("iam:ListUsers", "*", false),
        ("s3:Put*", "*", false),
    ] {
        let of = |more: &str| lints(&found(Kind::Identity, &allow(action, resource, more))).contains(&"escalation");
        assert_eq!(of(""), expected, "{action} {resource}");
        assert!(!of(r#","Condition":{"ArnLike":{"iam:PermissionsBoundary":"arn:aws:iam::111111111111:policy/b"}}"#));
    }
    assert!(!lints(&found(Kind::Boundary, &allow("iam:*", "*", ""))).contains(&"escalation"));
}

#[test]
fn statements_that_never_apply_are_found() {
    let identity = |statement: &str| lints(&found(Kind::Identity, statement));
    assert_eq!(identity(&allow("s*:GetObject", "arn:aws:s3:::a", "")), ["names-nothing"]);
    assert_eq!(identity(&allow("s3:*Object", "arn:aws:s3:::a", "")), [""; 0]);
    assert_eq!(identity(&allow("ec2:*", "arn:aws:ec2:*:*:inst*/i-1", "")), ["names-nothing"]);
    assert_eq!(identity(&allow("ec2:*", "arn:aws:ec2:*:*:instance/i-*", "")), [""; 0]);
    // A colon too few, and denials of which the cloud may make nothing.
    assert_eq!(identity(&allow("ec2:*", "arn:aws:ec2:*:instance/i-1", "")), ["names-nothing"]);
    assert_eq!(identity(&allow("sqs:*", "arn:aws:sqs:*:111111111111", "")), [""; 0]);
    for (action, resource) in
        [("ec*:Stop", "*"), ("ec2:*", "arn:aws:ec2:*:*:inst*/i-1"), ("ec2:*", "arn:aws:ec2:*:instance/i-1")]
    {
        let denial = allow(action, resource, "").replace("Allow", "Deny");
        assert_eq!(identity(&denial), ["names-nothing"], "{denial}");
        assert!(found(Kind::Identity, &denial)[0].problem.contains(" may name "), "{denial}");
    }
    let never = [
        r#"{"StringEquals":{"a:b":["c","d"]},"StringLike":{"A:B":"e*"}}"#,
        r#"{"StringEquals":{"a:b":["c","d"]},"StringEqualsIgnoreCase":{"a:b":["E","f"]}}"#,
        r#"{"StringEquals":{"a:b":["c","d"]},"StringNotLike":{"a:b":["c","d*"]}}"#,
        r#"{"StringEquals":{"a:b":"c"},"StringEqualsIfExists":{"a:b":"d"}}"#,
        r#"{"StringLike":{"a:b":"*"},"Null":{"a:b":"true"}}"#,
        r#"{"Null":{"a:b":"true"},"ForAnyValue:StringNotEquals":{"a:b":"c"}}"#,
        r#"{"NumericLessThan":{"a:b":["5","3"]},"NumericGreaterThanEquals":{"a:b":["7","5"]}}"#,
        r#"{"DateLessThan":{"aws:CurrentTime":"2026-01-01"},"DateGreaterThan":{"aws:CurrentTime":"2026-06-01"}}"#,
        r#"{"StringEquals":{"a:b":[]}}"#,
        r#"{"Bool":{"a:b":"true"},"BoolIfExists":{"a:b":"false"}}"#,
        r#"{"IpAddress":{"a:b":["192.0.2.0/25","192.0.2.9"]},"NotIpAddress":{"a:b":"192.0.2.0/24"}}"#,
    ];
    for block in never {
        assert_eq!(lints(&condition(block)), ["never-matches"], "{block}");
    }
    let may = [
        r#"{"StringEquals":{"a:b":["c","d"]},"StringLike":{"a:b":"d*"}}"#,
        r#"{"StringEquals":{"a:b":["c","d"]},"StringLike":{"a:c":"e*"}}"#,
        r#"{"StringEquals":{"a:b":["c","d"]},"StringNotLike":{"a:b":["c","e*"]}}"#,
        r#"{"StringEquals":{"a:b":"c"},"StringLike":{"a:b":"${aws:PrincipalTag/x}"}}"#,
        r#"{"StringEqualsIfExists":{"a:b":"c"},"StringLikeIfExists":{"a:b":"d"}}"#,
        r#"{"StringLikeIfExists":{"a:b":"*"},"Null":{"a:b":"true"}}"#,
        r#"{"StringLike":{"a:b":"*"},"Null":{"a:b":["true","false"]}}"#,
        r#"{"ForAnyValue:StringEquals":{"a:b":"c"},"ForAnyValue:StringLike":{"a:b":"d"}}"#,
        r#"{"NumericLessThanEquals":{"a:b":"5"},"NumericGreaterThanEquals":{"a:b":"5"}}"#,
        r#"{"NumericLessThanIfExists":{"a:b":"3"},"NumericGreaterThanIfExists":{"a:b":"5"}}"#,
        r#"{"DateLessThan":{"aws:CurrentTime":"2026-06-01"},"DateGreaterThan":{"aws:CurrentTime":"2026-01-01"}}"#,
        r#"{"StringNotEquals":{"a:b":[]}}"#,
        r#"{"BoolIfExists":{"a:b":"false"},"Null":{"a:b":["true","false"]}}"#,
        r#"{"Bool":{"a:b":["true","false"]},"BoolIfExists":{"a:b":"false"}}"#,
        r#"{"IpAddress":{"a:b":"192.0.2.0/24"},"NotIpAddress":{"a:b":"192.0.2.0/25"}}"#,
    ];
    for block in may {
        assert_eq!(lints(&condition(block)), [""; 0], "{block}");
    }
    let findings = condition(never[4]);
    assert_eq!(
        findings[0].problem,
        "StringLike on a:b wants \"*\" and Null on a:b wants no such key: no request has both, so statement 1 never applies"
    );
}

#[test]
fn allowances_behind_a_denial_are_found() {
    let both = |denied: &str, allowed: &str| {
        lints(&found(Kind::Identity, &format!("{},{}", denied.replace("Allow", "Deny"), allowed)))
    };
    let wide = allow("s3:*", "arn:aws:s3:::a/*", "");
    assert_eq!(both(&wide, &allow("S3:Get*", "arn:aws:s3:::a/b/?", "")), ["shadowed"]);
    assert_eq!(
        both(&allow("*", "*", ""), r#"{"Effect":"Allow","NotAction":"s3:*","Resource":"*"}"#),
        ["shadowed", "not-action"]
    );
    let all_but = |element: &str, value: &str| match element {
        "NotAction" => format!(r#"{{"Effect":"Deny","NotAction":"{value}","Resource":"*"}}"#),
        _ => format!(r#"{{"Effect":"Deny","Action":"*","NotResource":"{value}"}}"#),
    };
    let read = allow("s3:GetObject", "arn:aws:s3:::a/b", "");
    assert_eq!(both(&all_but("NotAction", "iam:*"), &read), ["shadowed"]);
    assert_eq!(both(&all_but("NotAction", "s3:Get*"), &read), [""; 0]);
    assert_eq!(both(&all_but("NotAction", "iam:*"), &allow("s3:Get*", "arn:aws:s3:::a/b", "")), [""; 0]);
    assert_eq!(both(&all_but("NotResource", "arn:aws:s3:::b/*"), &read), ["shadowed"]);
    assert_eq!(both(&all_but("NotResource", "arn:aws:s3:::a/*"), &read), [""; 0]);
    assert_eq!(both(&all_but("NotResource", "arn:aws:s3:::${aws:username}/b"), &read), [""; 0]);
    assert_eq!(
        both(&all_but("NotResource", "arn:aws:s3:::b/*"), &allow("s3:GetObject", "arn:aws:s3:::?/b", "")),
        [""; 0]
    );
    let role = r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":["arn:aws:s3:::a/b","arn:aws:s3:::b/b"]}"#;
    assert_eq!(both(&wide, role), [""; 0]);
    assert_eq!(both(&wide, &allow("s3:GetObject", "arn:aws:s3:::b/*", "")), [""; 0]);
    assert_eq!(both(&wide, &allow("s3-object-lambda:Get", "arn:aws:s3:::a/b", "")), [""; 0]);
    assert_eq!(both(&allow("s3:Get*", "arn:aws:s3:::a/*", ""), &wide), [""; 0]);
    assert_eq!(both(&allow("s3:*", "arn:aws:s3:::?/*", ""), &allow("s3:*", "arn:aws:s3:::*/*", "")), [""; 0]);
    let mfa = r#","Condition":{"Bool":{"aws:MultiFactorAuthPresent":"false"}}"#;
    assert_eq!(both(&allow("s3:*", "*", mfa), &wide), [""; 0]);
    let of = |effect: &str, who: &str| {
        format!(r#"{{"Effect":"{effect}","Principal":{who},"Action":"s3:GetObject","Resource":"arn:aws:s3:::a/*"}}"#)
    };
    let (one, two) = (r#"{"AWS":"111111111111"}"#, r#"{"AWS":["111111111111","222222222222"]}"#);
    let resource = |denied: &str, allowed: &str| {
        lints(&found(Kind::Resource, &format!("{},{}", of("Deny", denied), of("Allow", allowed))))
    };
    assert_eq!((resource(two, one), resource(one, two)), (vec!["shadowed"], vec![]));
    assert_eq!((resource(r#""*""#, two), resource(one, r#""*""#)), (vec!["shadowed"], vec!["everyone-admitted"]));
}

#[test]
fn statements_that_say_the_same_are_found() {
    let first = r#"{"Sid":"A","Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::a/*",
        "Condition":{"StringEquals":{"aws:PrincipalTag/a":["x","y"]}}}"#;
    let second = r#"{"Sid":"B","Effect":"Allow","Action":["s3:putobject","s3:GetObject"],"Resource":["arn:aws:s3:::a/*"],
        "Condition":{"StringEquals":{"aws:principaltag/A":["y","x"]}}}"#;
    let both = |second: &str| found(Kind::Identity, &format!("{first},{second}"));
    assert_eq!(lints(&both(second)), ["duplicate"]);
    assert_eq!(both(second)[0].problem, "statement B says what statement A says");
    for (from, to) in [
        ("GetObject", "ListBucket"),
        ("a/*", "A/*"),
        ("\"x\"", "\"z\""),
        ("Allow", "Deny"),
        ("StringEquals", "StringLike"),
    ] {
        assert_eq!(lints(&both(&second.replace(from, to))), [""; 0], "{from}");
    }
}

#[test]
fn text_that_looks_like_more_is_found() {
    for (block, expected) in [
        (r#"{"StringEquals":{"aws:PrincipalArn":"arn:aws:iam::*:role/a"}}"#, "so it never matches"),
        (r#"{"StringNotEquals":{"aws:PrincipalArn":"arn:aws:iam::*:role/a"}}"#, "so it excludes nobody"),
        (r#"{"StringEqualsIgnoreCase":{"s3:prefix":"home/*"}}"#, "so it never matches"),
    ] {
        let findings = condition(block);
        assert_eq!(lints(&findings), ["literal-wildcard"], "{block}");
        assert!(findings[0].problem.ends_with(expected), "{}", findings[0].problem);
    }
    for block in [
        r#"{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/a"}}"#,
        r#"{"ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::*:role/a"}}"#,
        r#"{"StringEquals":{"s3:prefix":"home/${*}"}}"#,
    ] {
        assert_eq!(lints(&condition(block)), [""; 0], "{block}");
    }
    let sub = format!(r#"{{"StringEquals":{{"{GITHUB}:aud":"a","{GITHUB}:sub":"repo:octo-org/*"}}}}"#);
    assert_eq!(lints(&found(Kind::Trust, &federated(GITHUB, &sub))), ["literal-wildcard"]);

    let own = r#"{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::a/${aws:username}",
        "Condition":{"StringLike":{"s3:prefix":"${aws:username}/"}}}}"#;
    let lint = |text: &str| lints(&lint::findings(&Policy::parse(text, Kind::Identity).unwrap()));
    assert_eq!(lint(own), ["variable-as-text", "variable-as-text"]);
    assert_eq!(lint(&own.replace("2008-10-17", "2012-10-17")), [""; 0]);
    assert_eq!(lint(&own.replace("${aws:username}", "martha")), [""; 0]);
    let without = own.replace(r#""Version":"2008-10-17","#, "").replace("${aws:username}", "martha");
    assert_eq!(lint(&without), ["version-missing"]);
}

#[test]
fn names_and_values_that_are_slips_are_found() {
    for (key, near) in [
        ("aws:PrincipalTags/team", "aws:PrincipalTag/"),
        ("aws:PrincipalTag", "aws:PrincipalTag/"),
        ("aws:SourceIpp", "aws:SourceIp"),
        ("aws:PrincipleArn", "aws:PrincipalArn"),
        ("aws:MultifactorAuthPresents", "aws:MultiFactorAuthPresent"),
        ("sts:ExternalID_", "sts:ExternalId"),
        ("identitystore:UserIds", "identitystore:UserId"),
        ("identitycenter:AplicationArn", "identitycenter:ApplicationArn"),
        ("sts:RequestContextProvider", "sts:RequestContextProviders"),
    ] {
        let findings = condition(&format!(r#"{{"StringLike":{{"{key}":"x"}}}}"#));
        assert_eq!(lints(&findings), ["misspelt-key"], "{key}");
        assert_eq!(findings[0].problem, format!("there is no condition key {key}, so no request has it"));
        assert_eq!(findings[0].instead, format!("{near}, if that is meant"));
    }
    let variable = allow("s3:GetObject", "arn:aws:s3:::a/${aws:usrname}/*", "");
    let findings = found(Kind::Identity, &variable);
    assert_eq!(
        (lints(&findings), findings[0].instead.as_str()),
        (vec!["misspelt-key"], "aws:username, if that is meant")
    );
    assert_eq!(lints(&found(Kind::Identity, &variable.replace("usrname", "username"))), [""; 0]);
    for key in [
        "aws:sourceip",
        "AWS:PrincipalTag/Team",
        "aws:SourceVpc",
        "aws:SourceVpce",
        "s3:prefix",
        "ecs:ResourceTag/a",
        "aws:NotYetKnown",
        "ec2:SourceInstanceARN",
        "saml:aud",
        "mine",
    ] {
        assert_eq!(lints(&condition(&format!(r#"{{"StringLike":{{"{key}":"x"}}}}"#))), [""; 0], "{key}");
    }
    for (operator, value, slip) in [
        ("DateLessThan", "1767225600000", true),
        ("DateLessThan", "1767225600", false),
        ("DateLessThan", "2026-01-01T00:00:00Z", false),
        ("IpAddress", "203.0.113.5/24", true),
        ("IpAddress", "203.0.113.0/24", false),
        ("IpAddress", "203.0.113.5", false),
        ("NotIpAddress", "0.0.0.0/0", true),
        ("IpAddress", "::ffff:203.0.113.0/120", true),
        ("IpAddress", "2001:db8::/32", false),
        ("IpAddress", "2001:db8::1/32", true),
    ] {
        let findings = condition(&format!(r#"{{"{operator}":{{"a:b":"{value}"}}}}"#));
        assert_eq!(lints(&findings), if slip { vec!["improbable-value"] } else { vec![] }, "{value}");
    }
}

#[test]
fn every_lint_says_what_it_is_for() {
    let names: BTreeSet<_> = lint::ALL.iter().map(|lint| lint.name).collect();
    assert_eq!(names.len(), lint::ALL.len());
    let tests = concat!(include_str!("lint.rs"), include_str!("lint_scope.rs"));
    for lint in lint::ALL {
        assert!(!lint.prevents.is_empty() && !lint.source.is_empty(), "{}", lint.name);
        assert!(tests.contains(&format!("\"{}\"", lint.name)), "{} is not tested", lint.name);
    }
}

#[test]
fn a_large_document_is_linted_in_time_that_grows_with_it() {
    use std::fmt::Write as _;
    let mut statements = String::new();
    for number in 0..700 {
        let _ = write!(
            statements,
            r#"{{"Effect":"{}","Action":["s3:*a*b*c{number}","s3:Get*"],"Resource":"arn:aws:s3:::a{number}/*"}},"#,
            if number % 2 == 0 { "Allow" } else { "Deny" }
        );
    }
    let last = allow("s3:GetObject", "arn:aws:s3:::last", "");
    let pair = format!("{last},{}", last.replace("Allow", "Deny"));
    assert_eq!(lints(&found(Kind::Identity, &pair)), ["shadowed"]);
    // Here the pair is past what is compared, which is what keeps the time bounded.
    assert_eq!(lints(&found(Kind::Identity, &format!("{statements}{pair}"))), [""; 0]);
    let values: Vec<_> = (0..9_000).map(|number| format!("\"a{number}\"")).collect();
    let values = values.join(",");
    let block = format!(r#"{{"StringEquals":{{"a:b":[{values}]}},"StringEqualsIgnoreCase":{{"a:b":["x"]}}}}"#);
    assert_eq!(lints(&condition(&block)), ["never-matches"]);
}
