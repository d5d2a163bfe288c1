//! `daypass assume explain`: why a role may be assumed, or may not.

use serde_json::{Value, json};

use crate::{Folder, Ran, run};

const ROLE: &str = "arn:aws:iam::222222222222:role/partner";
const ADA: &str = "arn:aws:iam::111111111111:user/team/ada";
const SESSION: &str = "arn:aws:sts::111111111111:assumed-role/worker/night";
const ROOT: &str = "arn:aws:iam::111111111111:root";
const GITHUB: &str = "arn:aws:iam::222222222222:oidc-provider/token.actions.githubusercontent.com";
const CORP: &str = "arn:aws:iam::222222222222:saml-provider/corp";

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

    /// Users and roles have a policy that allows all of STS.
    fn ask(&self, caller: &str, more: &[&str]) -> Ran {
        let own = ["--identity-policy", &self.identity];
        let own = if [ROOT, GITHUB, CORP].contains(&caller) { &[][..] } else { &own };
        run(&[&self.asked(caller), own, more].concat())
    }

    fn asked<'a>(&'a self, caller: &'a str) -> Vec<&'a str> {
        vec!["assume", "explain", "--role-arn", ROLE, "--trust-policy", &self.trust, "--caller", caller]
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
    let checks = report["checks"].as_array().unwrap().iter();
    let told: Vec<_> =
        checks.map(|check| (check["name"].as_str().unwrap(), check["verdict"].as_str().unwrap())).collect();
    // In the order of the rules, whichever of them were asked.
    let expected = [
        ("context asserted", "not_reached"),
        ("caller permitted", "failed"),
        ("trust policy", "not_reached"),
        ("session tags permitted", "not_reached"),
        ("source identity permitted", "not_reached"),
        ("context permitted", "not_reached"),
        ("duration", "not_reached"),
    ];
    assert_eq!(told, expected);
    let order = |ran: &Ran, checks: [&str; 3]| checks.map(|check| ran.out.find(check).unwrap()).is_sorted();
    assert!(
        order(&allowed, ["caller permitted", "session tags permitted", "passed       duration"]),
        "{}",
        allowed.out
    );
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
    let silent = run(&case.asked(ADA));
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
    assert!(case.answer(CORP, &["--context", &of("octo-org")]).1.contains("sts:AssumeRoleWithSAML"));
}

#[test]
fn a_provider_speaks_of_people_and_not_of_what_is_around_the_call() {
    let sub = "token.actions.githubusercontent.com:sub";
    for (condition, claimed) in [
        (json!({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}), "aws:CurrentTime=2019-01-01T00:00:00Z"),
        (json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}}), "aws:MultiFactorAuthPresent=true"),
        (json!({"Bool": {"aws:PrincipalIsAWSService": "true"}}), "aws:PrincipalIsAWSService=true"),
        (json!({"StringEquals": {"aws:PrincipalTag/team": "cats"}}), "aws:PrincipalTag/team=cats"),
        (json!({"StringEquals": {"saml:sub": "martha"}}), "saml:sub=martha"),
        (json!({"StringEquals": {"login.example.com:sub": "martha"}}), "login.example.com:sub=martha"),
    ] {
        let statement = json!({"Effect": "Allow", "Principal": {"Federated": GITHUB},
            "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition});
        let case = Case::new("said", &policy(&statement));
        assert!(!case.answer(GITHUB, &["--context", claimed]).0, "{claimed}");
    }
    for (condition, claimed) in [
        (json!({"StringEquals": {"Token.Actions.githubusercontent.com:sub": "cats"}}), format!("{sub}=cats")),
        (json!({"Bool": {"sts:RoleAuthorizedByIdp": "true"}}), "sts:RoleAuthorizedByIdp=true".to_owned()),
        (json!({"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}), "aws:SourceIp=192.0.2.7".to_owned()),
    ] {
        let statement = json!({"Effect": "Allow", "Principal": {"Federated": GITHUB},
            "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition});
        let case = Case::new("said", &policy(&statement));
        assert_eq!(case.answer(GITHUB, &["--context", &claimed]), YES, "{claimed}");
    }
}

/// A limit that was passed over would be thought to have been asked.
#[test]
fn a_flag_that_says_nothing_of_this_kind_of_caller_is_refused() {
    let case = Case::new("flags", &trust(&["sts:AssumeRole"], &json!({})));
    let deny = case.folder.file("deny.json", policy(&json!({"Effect": "Deny", "Action": "*", "Resource": "*"})));
    let scp = format!("Root={deny}");
    let kinds =
        [(ROOT, "a root user"), (ADA, "a user"), (SESSION, "a role's session"), (GITHUB, "whom a"), (CORP, "whom a")];
    for (flag, value, speaks_of) in [
        ("--caller-id", Some("AIDAABCDEFGHIJKLMNOPQ"), &[ADA, SESSION][..]),
        ("--principal-tag", Some("team=cats"), &[ADA, SESSION]),
        ("--identity-policy", Some(&deny), &[ADA, SESSION]),
        ("--permission-boundary", Some(&deny), &[ADA, SESSION]),
        ("--session-policy", Some(&deny), &[SESSION]),
        ("--inherited-tag-key", Some("team"), &[SESSION]),
        ("--caller-source-identity", Some("ada"), &[SESSION]),
        ("--scp", Some(&scp), &[ROOT, ADA, SESSION]),
        ("--external-id", Some("customer-7"), &[ROOT, ADA, SESSION]),
        ("--mfa", None, &[ROOT, ADA, SESSION]),
    ] {
        for (caller, name) in kinds {
            let ran = run(&[&case.asked(caller), &[flag][..], value.as_slice()].concat());
            if speaks_of.contains(&caller) {
                assert!(ran.code < 2, "{flag} {caller}: {ran:?}");
            } else {
                ran.refused_as_usage(&format!("{flag}: says nothing of {name}"));
            }
        }
    }
}

#[test]
fn what_cannot_be_asked_about_is_named() {
    let case = Case::new("usage", &trust(&["sts:AssumeRole"], &json!({})));
    let (allowed, blocked) = case.answer(ROOT, &[]);
    assert!(!allowed && blocked.contains("root"), "{blocked}");
    case.ask("arn:aws:iam::111111111111:group/team", &[]).refused_as_usage("--caller: expected the ARN of a user");
    case.ask("arn:aws:sts::111111111111:assumed-role/worker/n", &[]).refused_as_usage("--caller: ");
    case.ask("ada", &[]).refused_as_usage("--caller: \"ada\"");
    case.ask(ADA, &["--tag", "team"]).refused_as_usage("--tag: \"team\": expected NAME=VALUE");
    for flag in ["--tag", "--role-tag", "--principal-tag"] {
        let twice = case.ask(ADA, &[flag, "team=cats", flag, "team=dogs"]);
        twice.refused_as_usage(&format!("{flag}: \"team\": given more than once"));
    }
    case.ask(ADA, &["--source-identity", "a b"]).refused_as_usage("--source-identity");
    let broken = Case::new("broken", "{\n 'Version': 1}");
    broken.ask(ADA, &[]).refused_as_usage("trust.json:2:2: expected a key in double quotes, found a single quote");
}

/// The ARN of a session leaves the path of its role out, so a trust policy may name the role by any.
#[test]
fn a_caller_known_by_its_session_is_its_role_whatever_the_path() {
    for (role, expected) in [("worker", true), ("team/worker", true), ("team/other", false), ("worker/team", false)] {
        let principal = json!({"AWS": format!("arn:aws:iam::111111111111:role/{role}")});
        let statement = json!({"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"});
        let case = Case::new(&format!("path-{}", role.replace('/', "-")), &policy(&statement));
        assert_eq!(case.answer(SESSION, &[]).0, expected, "{role}");
    }
}
