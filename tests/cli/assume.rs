//! `daypass assume explain`: why a role may be assumed, or may not.

use serde_json::{Value, json};

use crate::{Folder, Ran, run};

const ROLE: &str = "arn:aws:iam::222222222222:role/partner";
const ADA: &str = "arn:aws:iam::111111111111:user/team/ada";
const SESSION: &str = "arn:aws:sts::111111111111:assumed-role/worker/night";
const GITHUB: &str = "arn:aws:iam::222222222222:oidc-provider/token.actions.githubusercontent.com";

fn policy(statement: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statement}).to_string()
}

/// The account of the callers is trusted, under `condition`.
fn trust(actions: &[&str], condition: &Value) -> String {
    let principal = json!({"AWS": "111111111111"});
    policy(
        &json!({"Sid": "Partner", "Effect": "Allow", "Principal": principal, "Action": actions, "Condition": condition}),
    )
}

struct Case {
    folder: Folder,
    trust: String,
    identity: String,
}

impl Case {
    fn new(name: &str, trust: &str) -> Self {
        let folder = Folder::new(&format!("assume-{name}"));
        let allow = policy(&json!({"Effect": "Allow", "Action": "sts:*", "Resource": "*"}));
        Self { trust: folder.file("trust.json", trust), identity: folder.file("identity.json", allow), folder }
    }

    fn ask(&self, caller: &str, more: &[&str]) -> Ran {
        let asked = ["assume", "explain", "--role-arn", ROLE, "--trust-policy", &self.trust, "--caller", caller];
        run(&[&asked, &["--identity-policy", &self.identity][..], more].concat())
    }

    /// Whether it is allowed, and what is in the way.
    fn answer(&self, caller: &str, more: &[&str]) -> (bool, String) {
        let ran = self.ask(caller, &[more, &["--json"]].concat());
        let report = ran.json();
        let allowed = report["allowed"].as_bool().unwrap();
        assert_eq!(ran.code, i32::from(!allowed), "{ran:?}");
        (allowed, report["blocked_by"].as_str().unwrap().to_owned())
    }
}

const YES: (bool, String) = (true, String::new());

#[test]
fn every_check_is_told_and_the_smallest_fact_that_is_in_the_way() {
    let case =
        Case::new("text", &trust(&["sts:AssumeRole"], &json!({"StringEquals": {"sts:ExternalId": "customer-7"}})));
    let allowed = case.ask(ADA, &["--external-id", "customer-7"]);
    assert_eq!(allowed.code, 0, "{allowed:?}");
    assert!(allowed.out.ends_with(&format!("allowed: {ADA} may assume {ROLE}\n")), "{}", allowed.out);
    for check in ["passed       caller permitted", "passed       trust policy", "passed       duration"] {
        assert!(allowed.out.contains(check), "{check}: {}", allowed.out);
    }
    let refused = case.ask(ADA, &["--external-id", "customer-8"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    let last = refused.out.lines().last().unwrap();
    assert!(
        last.starts_with("refused: sts:AssumeRole is implicitly denied by the trust policy of the role: "),
        "{last}"
    );
    for part in ["statement Partner of", "customer-7", "customer-8", "FAILED", "not reached"] {
        assert!(refused.out.contains(part), "{part}: {}", refused.out);
    }
    let report = case.ask(ADA, &["--json"]).json();
    assert_eq!((&report["caller"], &report["role"]), (&json!(ADA), &json!(ROLE)));
    assert_eq!(report["checks"][0]["verdict"], "failed");
    assert_eq!(report["actions"][0]["trust"]["outcome"], "ImplicitDeny");
}

#[test]
fn the_callers_own_side_is_asked_with_everything_that_limits_it() {
    let case = Case::new("sides", &trust(&["sts:AssumeRole"], &json!({})));
    let narrow =
        case.folder.file("narrow.json", policy(&json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"})));
    let deny = policy(&json!({"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole", "Resource": "*"}));
    let (scp, rcp) = (format!("Root={narrow}"), format!("Root={}", case.folder.file("rcp.json", deny)));
    assert_eq!(case.answer(ADA, &[]), YES);
    for (more, expected) in [
        (["--permission-boundary", narrow.as_str()], "the permissions boundary"),
        (["--scp", scp.as_str()], "no service control policy at Root"),
        (["--rcp", rcp.as_str()], "explicitly denied"),
    ] {
        let (allowed, blocked) = case.answer(ADA, &more);
        assert!(!allowed && blocked.contains(expected), "{expected}: {blocked}");
    }
    let (allowed, blocked) = case.answer(SESSION, &["--session-policy", &narrow]);
    assert!(!allowed && blocked.contains("session policies"), "{blocked}");
    let asked = ["assume", "explain", "--role-arn", ROLE, "--trust-policy", &case.trust, "--caller", ADA];
    let silent = run(&asked);
    assert_eq!(silent.code, 1);
    assert!(silent.out.contains("by the caller's side"), "{}", silent.out);
}

#[test]
fn what_the_call_asks_for_is_asked_of_both_sides() {
    let case = Case::new("tags", &trust(&["sts:AssumeRole"], &json!({})));
    for (more, expected) in [
        (&["--tag", "team=cats"][..], "sts:TagSession is implicitly denied by the trust policy"),
        (&["--source-identity", "ada"], "sts:SetSourceIdentity is implicitly denied by the trust policy"),
        (&["--duration", "7200"], "7200 seconds"),
    ] {
        let (allowed, blocked) = case.answer(ADA, more);
        assert!(!allowed && blocked.contains(expected), "{expected}: {blocked}");
    }
    assert_eq!(case.answer(ADA, &["--duration", "7200", "--max-session-duration", "7200"]), YES);
    let chained = ["--duration", "7200", "--max-session-duration", "7200"];
    assert!(case.answer(SESSION, &chained).1.contains("chaining"));
    let set = ["--caller-source-identity", "ada", "--source-identity", "rosa"];
    assert!(case.answer(SESSION, &set).1.contains("ada"));
}

#[test]
fn a_second_factor_tags_and_ids_of_the_caller_are_told_by_flags() {
    let condition =
        json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}, "StringEquals": {"aws:PrincipalTag/team": "cats"}});
    let case = Case::new("mfa", &trust(&["sts:AssumeRole"], &condition));
    assert_eq!(case.answer(ADA, &["--mfa", "--principal-tag", "team=cats"]), YES);
    assert!(!case.answer(ADA, &["--principal-tag", "team=cats"]).0);
    assert!(!case.answer(ADA, &["--mfa"]).0);
    // In --context they would be anybody's to claim.
    assert!(!case.answer(ADA, &["--mfa", "--context", "aws:PrincipalTag/team=cats"]).0);

    let id = "AROAABCDEFGHIJKLMNOPQ";
    let stored = policy(&json!({"Effect": "Allow", "Principal": {"AWS": id}, "Action": "sts:AssumeRole"}));
    let case = Case::new("ids", &stored);
    assert_eq!(case.answer(SESSION, &["--caller-id", id]), YES);
    assert!(!case.answer(SESSION, &["--caller-id", "AROAZZZZZZZZZZZZZZZZZ"]).0);
    assert!(!case.answer(SESSION, &[]).0);
}

#[test]
fn people_and_workloads_come_by_what_their_provider_says() {
    let sub = "token.actions.githubusercontent.com:sub";
    let statement = json!({"Effect": "Allow", "Principal": {"Federated": GITHUB},
        "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringLike": {sub: "repo:octo-org/*"}}});
    let case = Case::new("federated", &policy(&statement));
    let of = |name: &str| format!("{sub}=repo:{name}/app:ref:refs/heads/main");
    assert_eq!(case.answer(GITHUB, &["--context", &of("octo-org")]), YES);
    let (allowed, blocked) = case.answer(GITHUB, &["--context", &of("other")]);
    assert!(!allowed && blocked.contains("repo:octo-org/*") && blocked.contains("repo:other/app"), "{blocked}");
    let other = GITHUB.replace("oidc-provider", "saml-provider");
    assert!(case.answer(&other, &["--context", &of("octo-org")]).1.contains("sts:AssumeRoleWithSAML"));
}

#[test]
fn what_cannot_be_asked_about_is_named() {
    let case = Case::new("usage", &trust(&["sts:AssumeRole"], &json!({})));
    let (allowed, blocked) = case.answer("arn:aws:iam::111111111111:root", &[]);
    assert!(!allowed && blocked.contains("root"), "{blocked}");
    case.ask("arn:aws:iam::111111111111:group/team", &[]).refused_as_usage("--caller: expected the ARN of a user");
    case.ask("ada", &[]).refused_as_usage("--caller: \"ada\"");
    case.ask(ADA, &["--tag", "team"]).refused_as_usage("--tag: \"team\": expected NAME=VALUE");
    case.ask(ADA, &["--source-identity", "a b"]).refused_as_usage("--source-identity");
    let broken = Case::new("broken", "{\n 'Version': 1}");
    broken.ask(ADA, &[]).refused_as_usage("trust.json:2:2: expected a key in double quotes, found a single quote");
}
