//! What is a policy document, by kind, and where a document that is none goes wrong.

use super::{document, policy};
use daypass::policy::{
    JsonError, Kind, Layers, Limits, MAX_DOCUMENT_CHARACTERS, Outcome, Policy, PolicyError, Position,
};

fn refusal(text: &str, kind: Kind) -> PolicyError {
    Policy::parse(text, kind).expect_err(text)
}

fn statement_refusal(statement: &str, kind: Kind) -> String {
    refusal(&document(statement), kind).reason()
}

#[test]
fn positions_point_into_the_document() {
    let text = "{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\"Sid\": \"é\",\n     \"Efect\": \"Allow\"}\n  ]\n}";
    let error = refusal(text, Kind::Identity);
    assert_eq!(error, PolicyError::UnknownElement { at: Position { line: 5, column: 6 }, element: "Efect".into() });
    assert_eq!(error.code(), "MalformedPolicyDocument");

    let text = "{\"Statement\": [{\"Sid\":\"A\",\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":\"*\"},\n  {\"Effect\":\"Deny\",\"Action\":\"ec2:*\",\"Resource\":\"*\"}]}";
    let policies = [Policy::parse(text, Kind::Identity).unwrap().named("p")];
    let who = super::principal(super::USER);
    for (action, label, position) in [("s3:X", "A", (1, 16)), ("ec2:X", "2", (2, 3))] {
        let (action, resource, keys) = (action.parse().unwrap(), "*".parse().unwrap(), daypass::policy::Keys::new());
        let request = daypass::policy::Request::new(&who, &action, &resource, &keys);
        let evaluation = daypass::policy::evaluate(&Layers::new(&policies), &request);
        let statement = evaluation.statement().unwrap();
        assert_eq!(statement.to_string(), format!("statement {label} of p"));
        assert_eq!((statement.position().line, statement.position().column), position);
        let end = statement.end_position();
        let closing = text.lines().nth(usize::try_from(end.line).unwrap() - 1).unwrap();
        assert_eq!(closing.chars().nth(usize::try_from(end.column).unwrap() - 2), Some('}'));
        let told = &evaluation.explain().deciding[0];
        assert_eq!((told.end_line, told.end_column), (end.line, end.column));
        // The position is where the statement's brace stands in the text.
        let line = text.lines().zip(1..).find(|(_, number)| *number == position.0).unwrap().0;
        assert_eq!(line.chars().zip(1..).find(|(_, number)| *number == position.1).unwrap().0, '{');
    }
}

#[test]
fn json_is_strict_and_bounded() {
    let twice = r#"{"Statement":[],"Statement":[]}"#;
    assert!(matches!(refusal(twice, Kind::Identity), PolicyError::Json(JsonError::DuplicateKey { .. })));
    let effects = document(r#"{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}"#);
    assert!(matches!(refusal(&effects, Kind::Identity), PolicyError::Json(JsonError::DuplicateKey { .. })));
    assert!(matches!(refusal("{", Kind::Identity), PolicyError::Json(JsonError::Syntax { .. })));
    assert!(matches!(refusal(&"[".repeat(100_000), Kind::Identity), PolicyError::Json(JsonError::TooDeep { .. })));
}

#[test]
fn a_role_trusts_no_service_that_is_no_host_name() {
    let of = |service: &str| {
        let principal = format!(r#""Principal":{{"Service":["ec2.amazonaws.com",{service:?}]}}"#);
        format!(r#"{{"Effect":"Allow",{principal},"Action":"sts:AssumeRole"}}"#)
    };
    let long = format!("{}.{0}.{0}.{0}.com", "a".repeat(62));
    for service in ["", "ec2", "*.amazonaws.com", ".com", "ec2.", "-ec2.com", "ec2-.com", "10.0.0.1", "a b.com", &long]
    {
        let error = refusal(&document(&of(service)), Kind::Trust);
        assert_eq!(error.code(), "MalformedPolicyDocument");
        let expected = format!("Invalid principal in policy: \"SERVICE\":\"{service}\": line 1, column ");
        assert!(error.sentence(Kind::Trust).starts_with(&expected), "{service}");
        let expected = "is no principal: Service must be the host name of a service, such as ec2.amazonaws.com";
        assert!(error.reason().ends_with(expected), "{}", error.reason());
        assert!(error.position().is_some());
    }
    for service in ["s3.amazonaws.com", "states.eu-west-1.amazonaws.com.cn", "photos.example", "123.example.com"] {
        Policy::parse(&document(&of(service)), Kind::Trust).unwrap();
    }
}

#[test]
fn each_kind_is_held_to_its_quota() {
    let padded = |kind: Kind, filler: &str| {
        let who = if matches!(kind, Kind::Trust | Kind::Resource | Kind::ResourceControl) {
            r#""Principal":"*","#
        } else {
            ""
        };
        let what = if kind == Kind::Trust { r#""Action":"sts:AssumeRole""# } else { r#""Action":"*","Resource":"*""# };
        let text = format!(r#"{{"Id":"","Statement":[{{"Effect":"Deny",{who}{what}}}]}}"#);
        let room = kind.quota() - kind.size(&text);
        let at_limit = text.replace(r#""Id":"""#, &format!(r#""Id":"{}""#, filler.repeat(room)));
        (Policy::parse(&at_limit, kind).is_ok(), Policy::parse(&at_limit.replace("Id\":\"", "Id\":\"x"), kind))
    };
    for kind in [
        Kind::Identity,
        Kind::Trust,
        Kind::Resource,
        Kind::Boundary,
        Kind::Session,
        Kind::ServiceControl,
        Kind::ResourceControl,
    ] {
        let (fits, over) = padded(kind, "é");
        assert!(fits, "{kind}");
        let error = over.expect_err("over the quota");
        assert_eq!(error, PolicyError::TooLarge { kind, size: kind.quota() + 1, limit: kind.quota() });
        let code = if kind == Kind::Session { "PackedPolicyTooLarge" } else { "LimitExceeded" };
        assert_eq!(error.code(), code);
    }
    // IAM does not count white space; STS and organisations do.
    let spaced = format!(r#"{{"Statement":{}{{"Effect":"Deny","Action":"*","Resource":"*"}}}}"#, " ".repeat(30_000));
    assert!(Policy::parse(&spaced, Kind::Identity).is_ok() && Policy::parse(&spaced, Kind::Session).is_err());
    assert!(Policy::parse_within(&spaced, Kind::Session, 40_000).is_ok());
}

#[test]
fn no_document_is_longer_than_iam_reads_whatever_its_quota() {
    let spaced = |spaces: usize| {
        let text = document(r#"{"Sid":"é","Effect":"Deny","Action":"*","Resource":"*"}"#).replace("é", "");
        format!("{}{text}", " ".repeat(spaces - text.chars().count()))
    };
    assert!(Policy::parse_within(&spaced(MAX_DOCUMENT_CHARACTERS), Kind::Identity, usize::MAX).is_ok());
    let error = Policy::parse_within(&spaced(MAX_DOCUMENT_CHARACTERS + 1), Kind::Identity, usize::MAX).unwrap_err();
    assert_eq!(error, PolicyError::TooLong { characters: 131_073, limit: 131_072 });
    assert_eq!(
        (error.code(), error.reason().as_str()),
        ("ValidationError", "131073 characters, at most 131072 are read")
    );
    // Characters count, not bytes: each of these takes two.
    let wide = document(&format!(
        r#"{{"Effect":"Deny","Action":"*","Resource":"*","Condition":{{"StringEquals":{{"a:b":"{}"}}}}}}"#,
        "é".repeat(100_000)
    ));
    assert!(Policy::parse_within(&wide, Kind::Identity, usize::MAX).is_ok());
}

#[test]
fn documents_for_iam_and_sts_hold_latin_characters_and_escape_the_others() {
    let with = |value: &str| {
        let condition = format!(r#"{{"StringEquals":{{"aws:PrincipalTag/name":"{value}"}}}}"#);
        let who = r#""Principal":"*","#;
        move |kind: Kind| {
            let (who, rest) = match kind {
                Kind::Trust => (who, r#""Action":"sts:AssumeRole""#),
                Kind::Resource | Kind::ResourceControl => (who, r#""Action":"*","Resource":"*""#),
                _ => ("", r#""Action":"*","Resource":"*""#),
            };
            Policy::parse(&document(&format!("\n{{\"Effect\":\"Deny\",{who}{rest},\"Condition\":{condition}}}")), kind)
        }
    };
    for kind in [Kind::Identity, Kind::Boundary, Kind::Trust, Kind::Session] {
        let error = with("名")(kind).unwrap_err();
        let PolicyError::Character { at, character: '名' } = error else { panic!("{error:?}") };
        assert_eq!((at.line, error.code()), (2, "ValidationError"));
        assert!(error.reason().ends_with("'名' (U+540D) may not stand here unescaped"), "{}", error.reason());
        assert!(with("\\u540d")(kind).is_ok() && with("ÿ")(kind).is_ok(), "{kind}");
        assert!(matches!(with("\u{7f}\u{2028}")(kind), Err(PolicyError::Character { character: '\u{2028}', .. })));
    }
    for kind in [Kind::Resource, Kind::ServiceControl, Kind::ResourceControl] {
        assert!(with("名")(kind).is_ok(), "{kind}");
    }
}

#[test]
fn sizes_are_counted_as_the_kind_counts_them() {
    let text = format!(" {} \n", document(r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#));
    let bare: usize = text.chars().filter(|character| !character.is_whitespace()).count();
    for (kind, size) in
        [(Kind::Identity, bare), (Kind::Boundary, bare), (Kind::Session, bare + 3), (Kind::ServiceControl, bare + 3)]
    {
        let policy = Policy::parse(&text, kind).unwrap();
        assert_eq!((policy.size(), policy.text()), (size, text.as_str()), "{kind}");
    }
    let limits = Limits::default();
    assert_eq!((limits.managed, limits.user, limits.group, limits.role), (6_144, 2_048, 5_120, 10_240));
    assert_eq!((limits.trust, limits.session), (2_048, 2_048));
    assert_eq!((limits.service_control, limits.resource_control), (5_120, 5_120));
    assert_eq!(limits.of(Kind::Identity), 10_240);
    let mut raised = limits;
    raised.trust = 4_096;
    assert_eq!((raised.of(Kind::Trust), Kind::Trust.quota()), (4_096, 2_048));
}

#[test]
fn the_condition_keys_of_a_policy_are_those_it_reads() {
    let policy = policy(
        Kind::Identity,
        r#"{"Effect":"Allow","Action":"s3:*","Resource":["arn:aws:s3:::a/${aws:username}/*","arn:aws:s3:::${*}"],
            "Condition":{"StringLike":{"s3:prefix":["${aws:PrincipalTag/Team, 'x'}/*","${AWS:UserName}"]},"Null":{"aws:TokenIssueTime":"false"}}},
           {"Effect":"Deny","Action":"*","NotResource":"arn:aws:s3:::${aws:PrincipalAccount}","Condition":{"Bool":{"S3:Prefix":"true"}}}"#,
    );
    let expected = ["aws:username", "s3:prefix", "aws:PrincipalTag/Team", "aws:TokenIssueTime", "aws:PrincipalAccount"];
    assert_eq!(policy.context_keys(), expected);
    // Variables are text in documents of 2008.
    let old = r#"{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:username}"}}"#;
    assert!(Policy::parse(old, Kind::Identity).unwrap().context_keys().is_empty());
}

#[test]
fn elements_have_one_json_type_and_known_names() {
    for (statement, reason) in [
        ("1", "line 1, column 38: the statement must be an object"),
        (r#"{"Action":"*","Resource":"*"}"#, "line 1, column 38: Effect is missing"),
        (r#"{"Effect":"allow","Action":"*","Resource":"*"}"#, r#"line 1, column 48: Effect must be "Allow" or "Deny""#),
        (r#"{"Effect":"Deny","Resource":"*"}"#, "line 1, column 38: Action is missing"),
        (r#"{"Effect":"Deny","Action":"*"}"#, "line 1, column 38: Resource is missing"),
        (r#"{"Effect":"Deny","Action":[],"Resource":"*"}"#, "line 1, column 64: Action is missing"),
        (r#"{"Effect":"Deny","Action":["*",1],"Resource":"*"}"#, "line 1, column 69: Action must be a string"),
        (
            r#"{"Effect":"Deny","Action":null,"Resource":"*"}"#,
            "line 1, column 64: Action must be a string or a list of strings",
        ),
        (
            r#"{"Effect":"Deny","Action":"*","NotAction":"*","Resource":"*"}"#,
            "line 1, column 80: NotAction may not stand here: its opposite stands beside it",
        ),
        (
            r#"{"Effect":"Deny","Action":"*","Resource":"*","NotResource":"*"}"#,
            "line 1, column 97: NotResource may not stand here: its opposite stands beside it",
        ),
        (
            r#"{"Effect":"Deny","Action":"s3","Resource":"*"}"#,
            "line 1, column 64: Action must be * or service:Operation",
        ),
        (
            r#"{"Effect":"Deny","Action":"s3:a:b","Resource":"*"}"#,
            "line 1, column 64: Action must be * or service:Operation, with one colon",
        ),
        (
            r#"{"Effect":"Deny","Action":"s 3:a","Resource":"*"}"#,
            "line 1, column 64: Action must be * or service:Operation, the service in letters, digits, hyphens and dots",
        ),
        (
            r#"{"Effect":"Deny","Action":"*","Resource":"photos"}"#,
            "line 1, column 79: Resource must be * or an ARN that names a service",
        ),
        (
            r#"{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3::photos"}"#,
            "line 1, column 79: Resource must be an ARN of six parts; a shorter one has no empty parts",
        ),
        (
            r#"{"Effect":"Deny","Action":"*","Resource":"arn:aws::::x"}"#,
            "line 1, column 79: Resource must be * or an ARN that names a service",
        ),
        (
            r#"{"Effect":"Deny","Action":"*","Resource":"arn:aws:ec2:${aws:RequestedRegion}:1:instance/x"}"#,
            "line 1, column 79: Resource must be an ARN with variables in its sixth part only",
        ),
        (
            r#"{"Effect":"Deny","Action":"*","Resource":"*","Sid":"a b"}"#,
            "line 1, column 89: Sid must be letters and digits",
        ),
        (
            r#"{"Effect":"Deny","Action":"*","Resource":"*","Condition":[]}"#,
            "line 1, column 95: Condition must be an object",
        ),
        (
            r#"{"Effect":"Deny","Action":"*","Resource":"*","Principal":"*"}"#,
            "line 1, column 95: Principal may not stand here: this kind of policy speaks for whom it is attached to",
        ),
    ] {
        assert_eq!(statement_refusal(statement, Kind::Identity), reason, "{statement}");
    }
}

#[test]
fn the_top_of_a_document_is_held_to_its_form() {
    for (text, reason) in [
        ("[]", "line 1, column 1: the policy must be an object"),
        ("{}", "line 1, column 1: Statement is missing"),
        (r#"{"statement":1}"#, r#"line 1, column 2: there is no element "statement""#),
        (
            r#"{"Version":"2012-10-18","Statement":[]}"#,
            r#"line 1, column 12: Version must be "2012-10-17" or "2008-10-17""#,
        ),
        (r#"{"Id":1,"Statement":[]}"#, "line 1, column 7: Id must be a string"),
        (r#"{"Statement":"x"}"#, "line 1, column 14: the statement must be an object"),
    ] {
        assert_eq!(refusal(text, Kind::Identity).reason(), reason, "{text}");
    }
    assert!(
        Policy::parse(r#"{"Id":"x","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#, Kind::Boundary)
            .is_ok()
    );
}

#[test]
fn conditions_are_refused_rather_than_guessed_at() {
    for (condition, reason) in [
        (r#"{"StringEqual":{"a:b":"c"}}"#, r#"line 1, column 96: there is no condition operator "StringEqual""#),
        (r#"{"stringequals":{"a:b":"c"}}"#, r#"line 1, column 96: there is no condition operator "stringequals""#),
        (r#"{"NullIfExists":{"a:b":"true"}}"#, r#"line 1, column 96: there is no condition operator "NullIfExists""#),
        (
            r#"{"ForEachValue:StringEquals":{"a:b":"c"}}"#,
            r#"line 1, column 96: there is no condition operator "ForEachValue:StringEquals""#,
        ),
        (r#"{"Bool":"x"}"#, "line 1, column 103: Bool must be an object of condition keys"),
        (r#"{"Bool":{"a:b":null}}"#, "line 1, column 110: a:b must be a string, number or boolean, or a list of them"),
        (r#"{"Bool":{"a:b":"true","A:B":"true"}}"#, r#"line 1, column 117: the condition key "A:B" is used twice"#),
        (
            r#"{"NumericEquals":{"a:b":["1","${a:b}"]}}"#,
            "line 1, column 119: each value of a:b under NumericEquals must be a decimal number, such as 3600 or -1.5",
        ),
        (
            r#"{"DateLessThanIfExists":{"a:b":"2026-13-01"}}"#,
            "line 1, column 126: each value of a:b under DateLessThanIfExists must be a date such as 2026-01-31T12:00:00Z, or seconds since 1970",
        ),
        (
            r#"{"IpAddress":{"a:b":"10.0.0.0/33"}}"#,
            "line 1, column 115: each value of a:b under IpAddress must be an IP address or network, such as 203.0.113.0/24",
        ),
        (
            r#"{"BinaryEquals":{"a:b":"QQ"}}"#,
            "line 1, column 118: each value of a:b under BinaryEquals must be base64 with padding",
        ),
        (r#"{"Bool":{"a:b":"yes"}}"#, "line 1, column 110: each value of a:b under Bool must be true or false"),
        (r#"{"Null":{"a:b":"absent"}}"#, "line 1, column 110: each value of a:b under Null must be true or false"),
        (
            r#"{"ArnLike":{"a:b":"arn:aws:iam::${a:c}"}}"#,
            "line 1, column 113: each value of a:b under ArnLike must be an ARN, in which parts may hold wildcards",
        ),
    ] {
        let statement = format!(r#"{{"Effect":"Deny","Action":"*","Resource":"*","Condition":{condition}}}"#);
        assert_eq!(statement_refusal(&statement, Kind::Identity), reason, "{condition}");
    }
}

#[test]
fn variables_are_refused_where_they_are_not_written_as_such() {
    for variable in
        ["${", "${}", "${ aws:username}", "${aws:username", "${aws:x, cats}", "${aws:x, 'cats}", "${a${b}}", "${a*}"]
    {
        let statement = format!(r#"{{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:::a/{variable}"}}"#);
        let reason = statement_refusal(&statement, Kind::Identity);
        assert!(reason.starts_with("line 1, column 79: Resource must be text whose variables"), "{variable}: {reason}");
    }
}

#[test]
fn each_kind_has_its_own_elements() {
    let cases = [
        (Kind::Trust, r#"{"Effect":"Allow","Action":"sts:AssumeRole"}"#, "Principal is missing"),
        (
            Kind::Trust,
            r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}"#,
            "Resource may not stand here: a trust policy speaks of the role it is attached to",
        ),
        (
            Kind::Trust,
            r#"{"Effect":"Allow","NotPrincipal":{"AWS":"111111111111"},"Action":"sts:AssumeRole"}"#,
            "NotPrincipal may not stand here: with Allow it would let everyone else assume the role",
        ),
        (
            Kind::Trust,
            r#"{"Effect":"Allow","Principal":"*","Action":["sts:AssumeRole","s3:GetObject"]}"#,
            "Action must be an action of sts in a trust policy",
        ),
        (
            Kind::Trust,
            r#"{"Effect":"Allow","Principal":"*","Action":"*"}"#,
            "Action must be an action of sts in a trust policy",
        ),
        (Kind::Resource, r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#, "Principal is missing"),
        (Kind::ResourceControl, r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#, "Principal is missing"),
        (
            Kind::ResourceControl,
            r#"{"Effect":"Deny","Principal":{"AWS":"111111111111"},"Action":"*","Resource":"*"}"#,
            "Principal may not stand here: in a resource control policy it is *",
        ),
        (
            Kind::ResourceControl,
            r#"{"Effect":"Deny","NotPrincipal":"*","Action":"*","Resource":"*"}"#,
            "NotPrincipal may not stand here: resource control policies are for everyone",
        ),
        (
            Kind::ResourceControl,
            r#"{"Effect":"Deny","Principal":"*","NotAction":"s3:*","Resource":"*"}"#,
            "NotAction may not stand here: a resource control policy names its actions",
        ),
        (
            Kind::ResourceControl,
            r#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}"#,
            "Effect may not stand here: a resource control policy denies, or allows everything",
        ),
        (
            Kind::ServiceControl,
            r#"{"Effect":"Deny","Action":"*","Resource":"arn:aws:sqs"}"#,
            "Resource must be an ARN of six parts, or one that ends with *",
        ),
    ];
    for (kind, statement, reason) in cases {
        let found = statement_refusal(statement, kind);
        assert!(found.ends_with(&format!(": {reason}")), "{statement}: {found}");
    }
    for (kind, statement) in [
        (Kind::Trust, r#"{"Effect":"Deny","NotPrincipal":{"AWS":"111111111111"},"NotAction":"sts:TagSession"}"#),
        (Kind::Resource, r#"{"Sid":"any text","Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:GetObject"}"#),
        (Kind::ServiceControl, r#"{"Effect":"Allow","NotAction":"iam:*","NotResource":"arn:aws:s3:::a"}"#),
        (Kind::ResourceControl, r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#),
        (Kind::Session, r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#),
    ] {
        policy(kind, statement);
    }
}

#[test]
fn service_control_policies_are_written_in_the_whole_language_but_for_principals() {
    let condition = r#""Condition":{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}"#;
    for effect in ["Allow", "Deny"] {
        for action in [r#""Action":"*""#, r#""Action":["s3:*Object","*"]"#, r#""NotAction":"iam:*""#] {
            for resource in
                [r#""Resource":"*""#, r#""Resource":"arn:aws:s3:::a/*""#, r#""NotResource":"arn:aws:s3:::a/*""#]
            {
                policy(Kind::ServiceControl, &format!(r#"{{"Effect":"{effect}",{action},{resource}}}"#));
                policy(Kind::ServiceControl, &format!(r#"{{"Effect":"{effect}",{action},{resource},{condition}}}"#));
            }
        }
    }
    for kind in [Kind::ServiceControl, Kind::Identity, Kind::Boundary, Kind::Session] {
        for principal in [r#""Principal":"*""#, r#""NotPrincipal":{"AWS":"111111111111"}"#] {
            let statement = format!(r#"{{"Effect":"Deny",{principal},"Action":"*","Resource":"*"}}"#);
            let reason = statement_refusal(&statement, kind);
            assert!(reason.ends_with("this kind of policy speaks for whom it is attached to"), "{kind}: {reason}");
        }
    }
}

#[test]
fn resource_control_policies_deny_everyone_or_let_everything_through() {
    for statement in [
        r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","NotResource":"arn:aws:s3:::a/*"}"#,
        r#"{"Effect":"Deny","Principal":{"AWS":"*"},"Action":["s3:*","sqs:*"],"Resource":"*","Condition":{"BoolIfExists":{"aws:SecureTransport":"false"}}}"#,
        r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#,
    ] {
        policy(Kind::ResourceControl, statement);
    }
    for (statement, rule) in [
        (r#"{"Effect":"Deny","Principal":{"Service":"s3.amazonaws.com"},"Action":"s3:*","Resource":"*"}"#, "it is *"),
        (
            r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}"#,
            "denies, or allows everything",
        ),
        (
            r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"arn:aws:s3:::a"}"#,
            "denies, or allows everything",
        ),
        (r#"{"Effect":"Allow","Principal":"*","Action":["*","s3:*"],"Resource":"*"}"#, "denies, or allows everything"),
        (r#"{"Effect":"Deny","Principal":"*","Action":"s3:*"}"#, "Resource is missing"),
    ] {
        let reason = statement_refusal(statement, Kind::ResourceControl);
        assert!(reason.ends_with(rule), "{statement}: {reason}");
    }
}

#[test]
fn trust_policies_speak_of_no_resource_and_of_no_service_but_sts() {
    let with = |more: &str| format!(r#"{{"Effect":"Deny","Principal":{{"AWS":"111111111111"}},{more}}}"#);
    for more in [
        r#""Action":"sts:AssumeRole","Resource":"*""#,
        r#""Action":"sts:AssumeRole","NotResource":"arn:aws:s3:::a""#,
        r#""Action":"s3:GetObject""#,
        r#""Action":"*""#,
        r#""NotAction":"iam:*""#,
        r#""Action":["sts:AssumeRole","iam:PassRole"]"#,
    ] {
        Policy::parse(&document(&with(more)), Kind::Trust).expect_err(more);
    }
    for more in [r#""Action":"STS:assumerole""#, r#""Action":["sts:*"]"#, r#""NotAction":"sts:TagSession""#] {
        policy(Kind::Trust, &with(more));
    }
}

#[test]
fn principals_are_refused_unless_somebody_can_have_that_name() {
    for principal in [
        r#""x""#,
        "1",
        "{}",
        r#"{"AWS":[]}"#,
        r#"{"aws":"*"}"#,
        r#"{"User":"*"}"#,
        r#"{"AWS":"martha"}"#,
        r#"{"AWS":"11111111111"}"#,
        r#"{"AWS":"arn:aws:s3:::photos"}"#,
        r#"{"AWS":"arn:aws:iam::111111111111:group/g"}"#,
        r#"{"AWS":"arn:aws:iam::1:root"}"#,
    ] {
        let text = document(&format!(r#"{{"Effect":"Deny","Principal":{principal},"Action":"*"}}"#));
        let error = refusal(&text, Kind::Resource);
        let refused = matches!(
            error,
            PolicyError::Malformed { .. } | PolicyError::UnknownElement { .. } | PolicyError::Principal { .. }
        );
        assert!(refused, "{principal}");
    }
}

#[test]
fn sids_are_letters_and_digits_but_for_resources() {
    let with = |sid: &str, kind: Kind| {
        let who = if matches!(kind, Kind::Trust | Kind::Resource | Kind::ResourceControl) {
            r#""Principal":"*","#
        } else {
            ""
        };
        let rest = if kind == Kind::Trust { r#""Action":"sts:*""# } else { r#""Action":"*","Resource":"*""# };
        Policy::parse(&document(&format!(r#"{{"Sid":"{sid}","Effect":"Deny",{who}{rest}}}"#)), kind)
    };
    let iam = [Kind::Identity, Kind::Trust, Kind::Boundary, Kind::Session, Kind::ServiceControl, Kind::ResourceControl];
    for kind in iam {
        assert!(with("Az09", kind).is_ok() && with("", kind).is_ok(), "{kind}");
        for sid in ["a b", "a-b", "a_b", "a.b", "é", "\\u0000", "*"] {
            let error = with(sid, kind).unwrap_err();
            assert!(error.reason().ends_with("Sid must be letters and digits"), "{kind} {sid}: {}", error.reason());
        }
    }
    for sid in ["a b", "a-b", "é", "*"] {
        assert!(with(sid, Kind::Resource).is_ok(), "{sid}");
    }
}

#[test]
fn sids_are_unique_in_policies_of_iam() {
    let twice = r#"{"Sid":"A","Effect":"Deny","Action":"*","Resource":"*"},{"Sid":"A","Effect":"Deny","Action":"*","Resource":"*"}"#;
    assert!(matches!(
        refusal(&document(twice), Kind::Identity),
        PolicyError::Repeated { element: "Sid", at: Position { line: 1, column: 94 }, .. }
    ));
    let empty = twice.replace("\"A\"", "\"\"");
    assert!(Policy::parse(&document(&empty), Kind::Identity).is_ok());
}

#[test]
fn errors_say_nothing_of_the_document_to_callers() {
    let error = refusal(r#"{"secret":1}"#, Kind::Identity);
    assert_eq!(error.to_string(), "the policy document holds an unknown element");
    assert!(error.reason().contains("secret"));
}

#[test]
fn only_control_policies_may_say_nothing() {
    let empty = document("");
    for kind in [Kind::Identity, Kind::Trust, Kind::Resource, Kind::Boundary, Kind::Session] {
        let reason = refusal(&empty, kind).reason();
        assert_eq!(reason, "line 1, column 37: Statement must be a statement or a list of at least one", "{kind}");
    }
    let levels = [daypass::policy::Level::new("root", vec![policy(Kind::ServiceControl, "")])];
    let identity = [policy(Kind::Identity, r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#)];
    let layers = Layers::new(&identity).with_service_control(&levels);
    let outcome = super::decide(&layers, &super::principal(super::USER), "s3:X", "*", &daypass::policy::Keys::new());
    assert_eq!(outcome, Outcome::ImplicitDeny);
    policy(Kind::ResourceControl, "");
}
