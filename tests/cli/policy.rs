//! `daypass policy evaluate` and `daypass policy check`.

use serde_json::{Value, json};

use crate::{Folder, Ran, run, run_with};

const READER: &str = "arn:aws:iam::111111111111:role/reader";
const CAT: &str = "arn:aws:s3:::photos/cats/1.svg";
const IDENTITY: &str = r#"{"Version": "2012-10-17", "Statement": {"Sid": "OwnTeam", "Effect": "Allow",
    "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/${aws:PrincipalTag/team}/*"}}"#;
const BUCKET: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Sid": "NoDeletes", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": "*"}]}"#;
const SCP: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#;

fn allow(action: &str) -> Value {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]})
}

fn evaluate(action: &str, more: &[&str]) -> Ran {
    let mut arguments = vec!["policy", "evaluate", "--principal", READER, "--action", action, "--resource", CAT];
    arguments.extend(more);
    run(&arguments)
}

#[test]
fn a_decision_has_an_exit_code_and_an_explanation() {
    let folder = Folder::new("policy-evaluate");
    let (identity, bucket) = (folder.file("identity.json", IDENTITY), folder.file("bucket.json", BUCKET));
    let policies = ["--identity-policy", &identity, "--resource-policy", &bucket];

    let team = ["--context", "aws:PrincipalTag/team=cats"];
    let allowed = evaluate("s3:GetObject", &[&policies[..], &team].concat());
    assert_eq!(allowed.code, 0, "{allowed:?}");
    assert!(allowed.out.ends_with(&format!("allowed: statement OwnTeam of {identity} allows s3:GetObject\n")));
    assert!(allowed.out.contains(&format!("Allow by statement OwnTeam of {identity}:1:40")), "{}", allowed.out);
    assert!(!allowed.out.contains('\x1b') && allowed.err.is_empty());

    let denied = evaluate("s3:DeleteObject", &policies);
    assert_eq!(denied.code, 1);
    assert!(
        denied.out.ends_with(&format!("explicitly denied: statement NoDeletes of {bucket} denies s3:DeleteObject\n"))
    );

    let other =
        evaluate("s3:GetObject", &[&policies[..], &["--context", "aws:PrincipalTag/team=dogs", "--json"]].concat());
    assert_eq!(other.code, 1);
    let answer = other.json();
    assert_eq!((&answer["decision"], &answer["statement"]), (&json!("ImplicitDeny"), &json!(null)));
    assert!(answer["explanation"]["reason"].as_str().unwrap().contains("but not on arn:aws:s3:::photos/cats/1.svg"));
}

#[test]
fn every_kind_of_policy_has_its_say() {
    let folder = Folder::new("policy-kinds");
    let identity = folder.file("identity.json", allow("s3:*").to_string());
    let narrow = folder.file("narrow.json", allow("s3:ListBucket").to_string());
    let scp = folder.file("scp.json", SCP);
    let (wide_level, narrow_level) = (format!("root={scp}"), format!("unit={narrow}"));
    let rcp = folder.file(
        "rcp.json",
        json!({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject",
            "Resource": "*"}})
        .to_string(),
    );
    let rcp_level = format!("root={rcp}");
    let ask = |more: &[&str]| {
        let ran = evaluate("s3:GetObject", &[&["--identity-policy", &identity, "--json"][..], more].concat());
        (ran.code, ran.json()["decision"].clone())
    };
    assert_eq!(ask(&[]), (0, json!("Allow")));
    assert_eq!(ask(&["--permission-boundary", &narrow]), (1, json!("ImplicitDeny")));
    assert_eq!(ask(&["--permissions-boundary", &narrow]), (1, json!("ImplicitDeny")));
    assert_eq!(ask(&["--session-policy", &narrow]), (1, json!("ImplicitDeny")));
    assert_eq!(ask(&["--scp", &wide_level]), (0, json!("Allow")));
    assert_eq!(ask(&["--scp", &wide_level, "--scp", &narrow_level]), (1, json!("ImplicitDeny")));
    assert_eq!(ask(&["--rcp", &rcp_level]), (1, json!("ExplicitDeny")));
    // Across accounts the resource must allow too.
    assert_eq!(ask(&["--resource-account", "222222222222"]), (1, json!("ImplicitDeny")));
}

#[test]
fn a_role_may_be_asked_for_by_who_it_trusts() {
    let folder = Folder::new("policy-trust");
    let provider = "arn:aws:iam::111111111111:saml-provider/corp";
    let trust = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithSAML", "Condition": {"ForAnyValue:StringEquals": {"saml:edupersonaffiliation": "staff"}}}});
    let trust = folder.file("trust.json", trust.to_string());
    let ask = |values: &[&str]| {
        let mut arguments = vec!["policy", "evaluate", "--principal", provider, "--principal-type", "federated"];
        arguments.extend(["--action", "sts:AssumeRoleWithSAML", "--resource", READER, "--trust-policy", &trust]);
        values.iter().for_each(|value| arguments.extend(["--context-list", value]));
        run(&arguments).code
    };
    assert_eq!(ask(&["saml:edupersonaffiliation=member", "saml:edupersonaffiliation=staff"]), 0);
    assert_eq!(ask(&["saml:edupersonaffiliation=member"]), 1);
}

#[test]
fn a_batch_answers_in_order_with_the_deciding_statement() {
    let line = |id: Value, request: Value, rest: Value| {
        let mut line =
            json!({"id": id, "request": request, "session_policies": [], "permission_boundaries": [], "scps": []});
        line.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        format!("{line}\n")
    };
    let get = json!({"principal": READER, "principal_type": "aws", "action": "s3:GetObject", "resource": CAT,
        "context": {"aws:PrincipalTag/team": "cats", "aws:TagKeys": ["a"], "aws:SecureTransport": true}});
    let anonymous =
        json!({"principal": null, "principal_type": "anonymous", "action": "s3:DeleteObject", "resource": CAT});
    let identity: Value = serde_json::from_str(IDENTITY).unwrap();
    let level = |policies: Value| json!([{"level": "root", "policies": policies}]);
    let lines = [
        line(json!("allow"), get.clone(), json!({"identity_policies": [allow("s3:List*"), identity]})),
        line(json!(2), anonymous, json!({"resource_policy": serde_json::from_str::<Value>(BUCKET).unwrap()})),
        line(json!("level"), get.clone(), json!({"identity_policies": [identity], "scps": level(json!([]))})),
        line(json!("text"), get.clone(), json!({"identity_policies": [IDENTITY]})),
        line(json!("broken"), get.clone(), json!({"identity_policies": [identity], "session_policies": [{"Version": "x"}]})),
        "{\"id\": \"twice\", \"request\": {\"principal\": \"111111111111\", \"action\": \"s3:GetObject\"}, \"identity_policies\": [{\"Statement\": {\"Effect\": \"Deny\", \"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}}]}\n".to_owned(),
        line(json!("action"), json!({"principal": READER, "action": "GetObject"}), json!({})),
    ];
    let ran = run_with(&["policy", "evaluate", "--batch"], &lines.concat());
    let answers = ran.lines();
    let decisions: Vec<_> =
        answers.iter().map(|answer| (&answer["id"], answer["decision"].as_str().unwrap())).collect();
    let expected = [
        (&json!("allow"), "Allow"),
        (&json!(2), "ExplicitDeny"),
        (&json!("level"), "ImplicitDeny"),
        (&json!("text"), "Allow"),
        (&json!("broken"), "ImplicitDeny"),
        (&json!("twice"), "ImplicitDeny"),
        (&json!("action"), "ImplicitDeny"),
    ];
    assert_eq!(decisions, expected);
    assert_eq!(
        answers[0]["statement"],
        json!({"layer": "identity", "policy": "identity_policies[1]", "sid": "OwnTeam", "number": 1, "effect": "Allow",
            "line": 1, "column": 14, "end_line": 1, "end_column": 132})
    );
    assert_eq!(
        (&answers[1]["statement"]["sid"], &answers[1]["statement"]["layer"]),
        (&json!("NoDeletes"), &json!("resource"))
    );
    assert_eq!(answers[2]["statement"], json!(null));
    assert!(
        answers[4]["error"].as_str().unwrap().starts_with("session_policies[0]: line 1, column 12: Version"),
        "{}",
        answers[4]
    );
    // Read again from a parsed line, the Deny before it would be gone.
    assert!(answers[5]["error"].as_str().unwrap().contains("\"Effect\" is given twice"), "{}", answers[5]);
    assert!(answers[6]["error"].as_str().unwrap().starts_with("request.action: \"GetObject\": not an action"));
    assert_eq!((ran.code, ran.err.as_str()), (2, "daypass: 1 of 7 lines could not be judged\n"));

    let explained = run_with(&["policy", "evaluate", "--batch", "--explain"], &lines[0]).lines();
    assert_eq!(explained[0]["explanation"]["deciding"][0]["statement"], "OwnTeam");
}

#[test]
fn a_misspelt_field_is_no_field_left_out() {
    let asked = json!({"principal": READER, "action": "s3:GetObject", "resource": CAT});
    for (line, field) in [
        (json!({"request": asked, "identity_policies": [allow("s3:*")], "session_polices": []}), "session_polices"),
        (json!({"request": {"principal": READER, "action": "s3:GetObject", "contex": {}}}), "request.contex"),
        (json!({"request": asked, "identity_policies": [allow("s3:*")], "scps": [{"polices": []}]}), "scps[0].polices"),
    ] {
        let ran = run_with(&["policy", "evaluate", "--batch"], &format!("{line}\n"));
        let answer = &ran.lines()[0];
        let error = answer["error"].as_str().unwrap();
        assert!(error.starts_with(&format!("unknown field {field:?}: expected one of ")), "{answer}");
        assert_eq!((ran.code, &answer["decision"]), (2, &json!("ImplicitDeny")), "{answer}");
    }
}

/// The singular, the cloud's own word and the long name are what people write; a limit left out is an allowance too many.
#[test]
fn a_limit_by_another_name_is_no_limit_left_out() {
    let asked = json!({"principal": READER, "action": "s3:GetObject", "resource": CAT});
    let names = ["permission_boundary", "permissions_boundary", "session_policy", "service_control_policies", "scp"];
    let ignored: Vec<_> = names
        .into_iter()
        .filter(|name| {
            let line = json!({"request": asked, "identity_policies": [allow("s3:*")], *name: allow("ec2:*")});
            let ran = run_with(&["policy", "evaluate", "--batch"], &format!("{line}\n"));
            ran.lines()[0]["decision"] == "Allow"
        })
        .collect();
    assert!(ignored.is_empty(), "{ignored:?}");
}

/// Attack: a denial written into a level in another way than the format knows, which must not leave an empty level behind.
#[test]
fn a_level_is_its_policies_or_the_line_is_refused() {
    let asked = json!({"principal": READER, "action": "s3:GetObject", "resource": CAT});
    let deny = json!({"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": "*"}});
    let answer = |levels: &Value| {
        let line = json!({"id": "denied", "request": asked, "identity_policies": [allow("s3:*")], "rcps": levels});
        run_with(&["policy", "evaluate", "--batch"], &format!("{line}\n"))
    };
    for (level, field) in [
        (json!({"level": "root", "policy": deny}), "unknown field \"rcps[0].policy\""),
        (json!({"level": "root", "documents": [deny]}), "unknown field \"rcps[0].documents\""),
        (json!({"level": "root", "policies": [], "comment": "x"}), "unknown field \"rcps[0].comment\""),
        (deny.clone(), "unknown field \"rcps[0].Statement\""),
        (json!({"level": "root"}), "rcps[0].policies: missing"),
        (json!({"level": "root", "policies": null}), "rcps[0].policies: missing"),
        (json!({"level": "root", "policies": deny}), "rcps[0].policies: expected a list of policies"),
        (json!({"level": ["root"], "policies": []}), "rcps[0].level: expected text"),
    ] {
        let ran = answer(&json!([level]));
        let found = &ran.lines()[0];
        assert!(found["error"].as_str().unwrap_or_default().starts_with(field), "{level}: {found}");
        assert_eq!(
            (ran.code, &found["decision"], &found["id"]),
            (2, &json!("ImplicitDeny"), &json!("denied")),
            "{level}"
        );
    }
    for element in [json!(null), json!(1), json!([]), json!({}), json!({"policy": deny}), json!("no policy")] {
        let ran = answer(&json!([{"level": "root", "policies": [element]}]));
        let found = &ran.lines()[0];
        assert!(found["error"].as_str().unwrap_or_default().starts_with("rcps[0].policies[0]: "), "{element}: {found}");
        assert_eq!(found["decision"], "ImplicitDeny", "{element}");
    }
    // What the format promises stays: levels by text, by number or by none, and empty ones.
    for level in [json!({"policies": []}), json!({"level": 0, "policies": []}), json!({"level": null, "policies": []})]
    {
        assert_eq!(answer(&json!([level])).lines()[0]["decision"], "Allow", "{level}");
    }
    assert_eq!(answer(&json!([{"level": "root", "policies": [deny]}])).lines()[0]["decision"], "ExplicitDeny");
}

/// Attack: a field twice, of which one reader takes the first and another the last.
#[test]
fn a_field_given_twice_is_no_choice_of_ours() {
    let policies = format!("\"identity_policies\": [{}]", allow("s3:*"));
    let deny = r#"[{"level": "r", "policies": [{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}]}]"#;
    let request = |more: &str| {
        format!(r#""request": {{"principal": "{READER}", "action": "s3:GetObject", "resource": "{CAT}"{more}}}"#)
    };
    for (line, place) in [
        (
            format!(r#"{}, {policies}, "scps": {deny}, "scps": []"#, request("")),
            "line 1: the field \"scps\" is given twice",
        ),
        (format!(r#"{}, {policies}, "scps": {deny}, "\u0073cps": []"#, request("")), "line 1: the field \"scps\""),
        (format!("{}, {policies}", request(r#", "principal": "111111111111""#)), "request: the field \"principal\""),
        (
            format!("{}, {policies}", request(r#", "context": {"aws:x": "1", "aws:x": "2"}"#)),
            "request.context: the field \"aws:x\" is given twice",
        ),
        (
            format!("{}, {policies}", request(r#", "context": {"aws:x": "1", "AWS:X": "2"}"#)),
            "request.context.aws:x: given twice, in another case",
        ),
        (
            format!(r#"{}, {policies}, "scps": [{{"level": "r", "policies": {deny}, "policies": []}}]"#, request("")),
            "scps[0]: the field \"policies\" is given twice",
        ),
    ] {
        let ran = run_with(&["policy", "evaluate", "--batch"], &format!("{{\"id\": 7, {line}}}\n"));
        let answer = &ran.lines()[0];
        assert!(answer["error"].as_str().unwrap_or_default().starts_with(place), "{line}: {answer}");
        assert_eq!((ran.code, &answer["decision"], &answer["id"]), (2, &json!("ImplicitDeny"), &json!(7)), "{line}");
    }
    evaluate("s3:GetObject", &["--context", "aws:x=1", "--context", "AWS:X=2"])
        .refused_as_usage("--context: \"AWS:X\": given more than once");
    evaluate("s3:GetObject", &["--context", "aws:x=1", "--context-list", "AWS:X=2"])
        .refused_as_usage("--context-list: \"AWS:X\": given with --context too");
}

#[test]
fn what_belongs_into_the_request_is_refused_beside_it_and_a_note_is_not() {
    let asked = json!({"principal": READER, "action": "s3:GetObject", "resource": CAT});
    let answer = |place: Option<&str>, field: &str, value: Value| {
        let mut line = json!({"request": asked, "identity_policies": [allow("s3:*")]});
        let object = if let Some(place) = place { &mut line[place] } else { &mut line };
        object[field] = value;
        let ran = run_with(&["policy", "evaluate", "--batch"], &format!("{line}\n"));
        (ran.code, ran.lines()[0]["decision"].as_str().unwrap().to_owned())
    };
    for (place, field) in [
        (None, "context"),
        (None, "conditionKeys"),
        (None, "principal"),
        (None, "resource_account"),
        (Some("request"), "conditions"),
        (Some("request"), "condition_keys"),
        (Some("request"), "scps"),
        (Some("request"), "comment"),
    ] {
        assert_eq!(answer(place, field, json!({"aws:x": "1"})), (2, "ImplicitDeny".to_owned()), "{field}");
    }
    for note in ["comment", "expected", "description", "tags"] {
        assert_eq!(answer(None, note, json!("x")), (0, "Allow".to_owned()), "{note}");
    }
}

#[test]
fn an_id_comes_back_as_it_was_written() {
    let ids = ["12345678901234567890123", "1.50", "1e3", "-0", r#""\u0041""#, r#"{"a": [1.0, null]}"#, "null", "true"];
    let rest = format!(r#""request": {{"principal": "{READER}", "action": "s3:GetObject"}}"#);
    let lines: String = ids.iter().map(|id| format!("{{\"id\": {id}, {rest}}}\n")).collect();
    let ran = run_with(&["policy", "evaluate", "--batch"], &format!("{lines}{{{rest}}}\n"));
    let expected: Vec<_> = ids.iter().map(|id| format!("{{\"id\":{id},\"decision\":")).collect();
    let found: Vec<_> = ran.out.lines().collect();
    assert_eq!(found.len(), ids.len() + 1);
    for (line, start) in found.iter().zip(&expected) {
        assert!(line.starts_with(start.as_str()), "{line}");
    }
    assert!(found[ids.len()].starts_with("{\"id\":null,"), "{}", found[ids.len()]);
    let tokens = run_with(&["jwt", "verify", "--batch"], "{\"id\": 1.50, \"token\": \"x\"}\n");
    assert!(tokens.out.starts_with("{\"id\":1.50,"), "{}", tokens.out);
}

/// A number is compared as it was written, not as a floating-point number prints it.
#[test]
fn a_condition_value_that_is_a_number_keeps_its_digits() {
    let policy = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*",
        "Condition": {"StringEquals": {"aws:x": "12345678901234567890123", "aws:y": "1.50"}}}]});
    let line = format!(
        r#"{{"request": {{"principal": "{READER}", "action": "s3:GetObject",
            "context": {{"aws:x": 12345678901234567890123, "aws:y": 1.50}}}}, "identity_policies": [{policy}]}}"#
    );
    let ran = run_with(&["policy", "evaluate", "--batch"], &format!("{}\n", line.replace('\n', " ")));
    assert_eq!(ran.lines()[0]["decision"], "Allow", "{}", ran.out);
}

#[test]
fn documents_are_valid_by_kind_or_wrong_at_a_place() {
    let folder = Folder::new("policy-check");
    let (identity, bucket) = (folder.file("identity.json", IDENTITY), folder.file("bucket.json", BUCKET));
    let good = run(&["policy", "check", "--kind", "identity", &identity]);
    assert_eq!((good.code, good.out), (0, format!("valid {identity}: an identity policy\n")));

    let wrong = run(&["policy", "check", "--kind", "identity", &identity, &bucket]);
    assert_eq!(wrong.code, 1);
    let place = format!("not valid {bucket}:2:57: Principal may not stand here: ");
    assert!(wrong.out.contains(&place), "{}", wrong.out);

    let typo = run_with(&["policy", "check", "--kind", "scp", "--json"], "{\n  \"Statment\": []\n}");
    let found = typo.json();
    assert_eq!((typo.code, &found["line"], &found["column"]), (1, &json!(2), &json!(3)));
    assert_eq!(
        (&found["kind"], &found["valid"], &found["code"]),
        (&json!("service_control"), &json!(false), &json!("MalformedPolicyDocument"))
    );
    assert_eq!(found["reason"], "there is no element \"Statment\"");
}

#[test]
fn a_role_that_trusts_what_is_no_service_is_not_valid() {
    let trust = "{\"Version\": \"2012-10-17\", \"Statement\": {\"Effect\": \"Allow\",\n  \"Principal\": {\"Service\": \"ec2\"}, \
                 \"Action\": \"sts:AssumeRole\"}}";
    let refused = run_with(&["policy", "check", "--kind", "trust"], trust);
    let expected = "not valid standard input:2:28: \"ec2\" is no principal: Service must be the host name of a service, such as \
                    ec2.amazonaws.com (MalformedPolicyDocument)\n";
    assert_eq!((refused.code, refused.out.as_str()), (1, expected));
}

/// What CreateRole, PutRolePolicy and an organisation refuse is not valid, unless only evaluation is asked about.
#[test]
fn a_document_is_held_to_what_is_saved_or_to_what_is_evaluated() {
    let trust = |principal: Value, action: &str| json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": principal, "Action": action}});
    let web = "sts:AssumeRoleWithWebIdentity";
    let github = "arn:aws:iam::111111111111:oidc-provider/token.actions.githubusercontent.com";
    let on = |resource: &str| json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:GetRole", "Resource": resource}});
    let unversioned = |rest: Value| json!({"Statement": rest});
    let rcp = json!({"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"});
    let all = json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*"});
    for (kind, document, told) in [
        ("trust", trust(json!("*"), "sts:AssumeRole"), "Principal must be an object, such as {\"AWS\": \"*\"}"),
        (
            "trust",
            trust(json!({"AWS": "111111111111"}), "sts:GetCallerIdentity"),
            "an action by which a role is assumed",
        ),
        (
            "trust",
            trust(json!({"Federated": github}), web),
            "no condition scopes token.actions.githubusercontent.com:sub",
        ),
        ("trust", trust(json!({"AWS": "*"}), web), "\"*\" is everybody with a token of any provider of the account"),
        ("trust", trust(json!({"AWS": "AROAEXAMPLEEXAMPLE123:a1"}), "sts:AssumeRole"), "not its id, in a trust policy"),
        ("identity", on("arn:aws:iam:us-east-1:111111111111:role/x"), "without a region"),
        ("identity", on("arn:aws:iam::111111111111:roles/x"), "an ARN of a type that IAM has"),
        ("boundary", unversioned(all), "Version must be \"2012-10-17\""),
        ("rcp", unversioned(rcp), "Version must be \"2012-10-17\""),
    ] {
        let check =
            |more: &[&str]| run_with(&[&["policy", "check", "--kind", kind], more].concat(), &document.to_string());
        let saved = check(&[]);
        assert_eq!((saved.code, saved.out.starts_with("not valid")), (1, true), "{document}: {}", saved.out);
        assert!(saved.out.contains(told), "{document}: {}", saved.out);
        let evaluated = check(&["--evaluated"]);
        assert_eq!((evaluated.code, evaluated.out.starts_with("valid")), (0, true), "{document}: {}", evaluated.out);
    }
}

const DEPLOY: &str = r#"{"Version": "2012-10-17", "Statement": [{
    "Sid": "Deploy", "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
    "Principal": {"Federated": "arn:aws:iam::111111111111:oidc-provider/gitlab.com"},
    "Condition": {
        "StringEquals": {"gitlab.com:aud": "https://sts.example.com"},
        "StringLike": {"gitlab.com:sub": "project_path:my-group/*"}}}]}"#;

#[test]
fn what_a_reviewer_would_point_at_has_a_place_a_weight_and_advice() {
    let folder = Folder::new("policy-lint");
    let deploy = folder.file("deploy.json", DEPLOY);
    let found = run(&["policy", "check", "--kind", "trust", &deploy]);
    // Valid is valid: only who asks for more is told no.
    assert_eq!((found.code, found.err.as_str()), (0, ""));
    let expected = format!(
        "valid {deploy}: a trust policy\n\
         risky {deploy}:6:42: StringLike on gitlab.com:sub takes \"project_path:my-group/*\": every project of my-group, \
         with all its branches and tags (subject-wildcard)\n  \
         prevents  another organization, repository or pull request assuming the role\n  \
         instead   one project and a protected branch of it, such as \
         \"project_path:my-group/my-project:ref_type:branch:ref:main\"\n"
    );
    assert_eq!(found.out, expected);

    let json = run(&["policy", "check", "--kind", "trust", "--strict", "--json", &deploy]);
    assert_eq!(json.code, 1);
    let judged = json.json();
    assert_eq!((&judged["valid"], &judged["reason"]), (&json!(true), &json!(null)));
    let finding = &judged["findings"][0];
    assert_eq!(
        (&finding["lint"], &finding["severity"], &finding["statement"], &finding["line"], &finding["column"]),
        (&json!("subject-wildcard"), &json!("risky"), &json!("Deploy"), &json!(6), &json!(42))
    );
    assert!(finding["problem"].as_str().unwrap().starts_with("StringLike on gitlab.com:sub takes"), "{finding}");
    assert!(finding["instead"].is_string() && finding["prevents"].is_string() && finding["source"].is_string());
}

#[test]
fn strict_refuses_warnings_and_takes_notes() {
    let folder = Folder::new("policy-strict");
    let narrow = DEPLOY.replace("my-group/*", "my-group/my-project:ref_type:branch:ref:main");
    let saml = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithSAML",
        "Principal": {"Federated": "arn:aws:iam::111111111111:saml-provider/corp"}}}"#;
    let (wide, narrow) = (folder.file("wide.json", DEPLOY), folder.file("narrow.json", &narrow));
    let saml = folder.file("saml.json", saml);
    let strict = |files: &[&str]| run(&[&["policy", "check", "--kind", "trust", "--strict"], files].concat());
    assert_eq!((strict(&[&narrow]).code, strict(&[&narrow, &wide]).code), (0, 1));
    let noted = strict(&[&saml]);
    assert_eq!(noted.code, 0);
    assert!(noted.out.contains(&format!("note {saml}:2:36: no condition tests saml:aud")), "{}", noted.out);
}

#[test]
fn what_cannot_be_used_is_named() {
    let folder = Folder::new("policy-usage");
    let typo = folder.file("typo.json", "{\"Statement\": [{\"Efect\": \"Allow\"}]}");
    evaluate("s3:GetObject", &["--identity-policy", &typo])
        .refused_as_usage(&format!("{typo}:1:17: there is no element"));
    evaluate("s3:GetObject", &["--scp", &typo]).refused_as_usage("--scp: ");
    let twice =
        evaluate("s3:GetObject", &["--context", "aws:SourceIp=192.0.2.1", "--context", "aws:sourceip=192.0.2.2"]);
    twice.refused_as_usage("--context: \"aws:sourceip\": given more than once");
    let both = evaluate("s3:GetObject", &["--context", "aws:TagKeys=a", "--context-list", "aws:tagkeys=b"]);
    both.refused_as_usage("--context-list: \"aws:tagkeys\": given with --context too");
    evaluate("s3:GetObject", &["--context", "aws:SourceIp"]).refused_as_usage("expected NAME=VALUE");
    evaluate("GetObject", &[]).refused_as_usage("--action: \"GetObject\": not an action");
    evaluate("s3:GetObject", &["--resource-account", "1"])
        .refused_as_usage("--resource-account: \"1\": not an account id");
    run(&["policy", "evaluate", "--action", "s3:GetObject"]).refused_as_usage("--principal: missing");
    run(&["policy", "check", "--kind", "lint"]).refused_as_usage("resource_control");
    run(&["policy", "check", "--kind", "trust", "/nowhere/x.json"]).refused_as_usage("cannot read /nowhere/x.json");
}

#[test]
fn a_bad_line_is_answered_and_so_is_the_next() {
    let good = json!({"id": "good", "request": {"principal": READER, "action": "s3:GetObject", "resource": CAT},
        "identity_policies": [allow("s3:*")]});
    let with = |field: &str, value: Value| {
        let mut line = good.clone();
        line[field] = value;
        line.to_string()
    };
    let asking = |field: &str, value: Value| {
        let mut line = good.clone();
        line["request"][field] = value;
        line.to_string()
    };
    let bad = [
        "{".to_owned(),
        "[]".to_owned(),
        "null".to_owned(),
        "\"text\"".to_owned(),
        "{\"id\": 1, \"id\": 2}".to_owned(),
        "\u{FEFF}{}".to_owned(),
        "{}".to_owned(),
        with("request", json!(null)),
        with("request", json!([])),
        with("identity_policies", json!("x")),
        with("identity_policies", json!({})),
        with("identity_policies", json!([1])),
        with("scps", json!({"level": "root"})),
        with("scps", json!([[]])),
        with("rcps", json!([{"level": "root", "policies": [{}]}])),
        with("resource_policy", json!("not a policy")),
        with("session_policies", json!([null])),
        asking("action", json!(["s3:GetObject"])),
        asking("action", json!("s3:*")),
        asking("principal", json!("martha")),
        asking("principal_type", json!("user")),
        asking("resource", json!("photos")),
        asking("resource_account", json!("1")),
        asking("context", json!([])),
        asking("context", json!({"aws:x": {"a": 1}})),
        asking("context", json!({"aws:x": [["a"]]})),
    ];
    let good = good.to_string();
    let input: String = bad.iter().flat_map(|line| [line.as_str(), "\n", &good, "\n"]).collect();
    let ran = run_with(&["policy", "evaluate", "--batch"], &input);
    let answers = ran.lines();
    assert_eq!((ran.code, answers.len()), (2, 2 * bad.len()));
    for (pair, line) in answers.chunks(2).zip(&bad) {
        assert!(pair[0]["error"].is_string() && pair[0]["decision"] == "ImplicitDeny", "{line}: {}", pair[0]);
        assert_eq!((&pair[1]["id"], &pair[1]["decision"]), (&json!("good"), &json!("Allow")), "after {line}");
    }
}

#[test]
fn a_batch_knows_every_type_of_principal() {
    let bucket = |principal: Value| {
        json!({"Version": "2012-10-17", "Statement":
            {"Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*"}})
    };
    let provider = "arn:aws:iam::111111111111:saml-provider/corp";
    let cases = [
        (json!({"principal": READER, "principal_type": "aws"}), json!({"AWS": READER})),
        (json!({"principal": "111111111111", "principal_type": "aws"}), json!({"AWS": "111111111111"})),
        (json!({"principal": "s3.amazonaws.com", "principal_type": "service"}), json!({"Service": "s3.amazonaws.com"})),
        (json!({"principal": provider, "principal_type": "federated"}), json!({"Federated": provider})),
        (
            json!({"principal": "accounts.google.com", "principal_type": "federated"}),
            json!({"Federated": "accounts.google.com"}),
        ),
        (json!({"principal": "79a59df9", "principal_type": "canonical"}), json!({"CanonicalUser": "79a59df9"})),
        (json!({"principal_type": "anonymous"}), json!("*")),
    ];
    let (mut lines, mut expected) = (String::new(), Vec::new());
    for (index, (request, _)) in cases.iter().enumerate() {
        for (other, (_, element)) in cases.iter().enumerate() {
            let mut request = request.clone();
            request["action"] = json!("s3:GetObject");
            request["resource"] = json!(CAT);
            lines += &format!(
                "{}\n",
                json!({"id": [index, other], "request": request, "resource_policy": bucket(element.clone())})
            );
            // The root user needs no policy, and `*` is everyone.
            expected.push(if index == other || element == "*" || index == 1 { "Allow" } else { "ImplicitDeny" });
        }
    }
    let ran = run_with(&["policy", "evaluate", "--batch"], &lines);
    let decisions: Vec<_> = ran.lines().iter().map(|answer| answer["decision"].as_str().unwrap().to_owned()).collect();
    assert_eq!((ran.code, decisions), (0, expected.into_iter().map(str::to_owned).collect()));
}

#[test]
fn what_to_change_is_told() {
    let folder = Folder::new("policy-near");
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "Team", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/${aws:PrincipalTag/team}/*"},
        {"Sid": "Safe", "Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}]});
    let policy = folder.file("reader.json", policy.to_string());
    let told =
        evaluate("s3:GetObject", &["--identity-policy", &policy, "--context", "aws:PrincipalTag/team=", "--explain"]);
    assert_eq!(told.code, 1);
    for line in [
        format!(
            "  statement Team of {policy}:1:15: Resource is \"arn:aws:s3:::photos/${{aws:PrincipalTag/team}}/*\", \
             where aws:PrincipalTag/team is \"\", found {CAT}\n"
        ),
        format!("  statement Safe of {policy}:1:"),
        "Bool on aws:SecureTransport (line 1) wanted \"true\", found no such key\n".to_owned(),
        "  aws:PrincipalTag/team    \"\"\n".to_owned(),
        "  expected  \"true\"\n  found     no such key\n".to_owned(),
    ] {
        assert!(told.out.contains(&line), "{line}\n{}", told.out);
    }
    let json = evaluate("s3:GetObject", &["--identity-policy", &policy, "--json"]).json();
    let story = &json["explanation"];
    assert_eq!((&story["expected"], &story["silent"]["layer"]), (&json!("\"true\""), &json!("identity")));
    let near = &story["near_misses"][0];
    assert_eq!(
        (&near["statement"], &near["part"], &near["end_line"]),
        (&json!("Safe"), &json!("condition"), &json!(1))
    );
    assert_eq!(near["conditions"][0]["key"], "aws:SecureTransport");
}

#[test]
fn a_document_is_held_to_the_quota_of_its_kind_or_to_another() {
    let folder = Folder::new("policy-size");
    let actions: Vec<_> = (0..400).map(|number| format!("s3:Get{number:04}")).collect();
    let document = |actions: &[String]| {
        json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": actions, "Resource": "*"}})
            .to_string()
    };
    let long = folder.file("long.json", document(&actions));
    let check =
        |kind: &str, more: &[&str]| run(&[&["policy", "check", "--json", "--kind", kind, &long], more].concat());
    let (size, identity) = (document(&actions).len(), check("identity", &[]));
    assert_eq!((identity.code, &identity.json()["size"], &identity.json()["limit"]), (0, &json!(size), &json!(10_240)));
    let (boundary, managed) = (check("boundary", &["--limit", "10240"]), check("identity", &["--limit", "5000"]));
    assert_eq!((boundary.code, managed.code), (0, 1));
    assert_eq!(managed.json()["code"], "LimitExceeded");
    let session = check("session", &[]);
    assert_eq!(session.json()["reason"], format!("{size} characters; a session policy holds at most 2048"));
    // What it decides is another question than whether it can be stored.
    let decided = evaluate("s3:Get0399", &["--identity-policy", &long, "--session-policy", &long]);
    assert_eq!(decided.code, 0, "{}", decided.out);
}
