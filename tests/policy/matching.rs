//! Actions, resources and variables.

use super::{BUCKET, OBJECT, document, identity, principal};
use daypass::policy::{Action, Keys, Kind, Layers, NameError, Outcome, Policy, Request, Resource, evaluate};

fn action_matches(element: &str, action: &str) -> bool {
    let statement = format!(r#"{{"Effect":"Allow",{element},"Resource":"*"}}"#);
    identity(&statement, action, OBJECT, &Keys::new()) == Outcome::Allow
}

fn resource_matches(pattern: &str, resource: &str, keys: &Keys) -> bool {
    let pattern = serde_json::to_string(pattern).unwrap();
    let statement = format!(r#"{{"Effect":"Allow","Action":"*","Resource":{pattern}}}"#);
    identity(&statement, "any:Thing", resource, keys) == Outcome::Allow
}

#[test]
fn actions_have_no_case_and_wildcards_in_their_name() {
    for (pattern, action, expected) in [
        ("*", "s3:GetObject", true),
        ("s3:*", "S3:getobject", true),
        ("S3:GETOBJECT", "s3:GetObject", true),
        ("s3:Get*", "s3:GetObject", true),
        ("s3:*Object", "s3:GetObject", true),
        ("s3:G?tO*t", "s3:GetObject", true),
        ("s3:GetObject*", "s3:GetObject", true),
        ("s3:GetObject?", "s3:GetObject", false),
        ("s3:Get", "s3:GetObject", false),
        ("s3:GetObject,PutObject", "s3:GetObject", false),
        ("s3:GetObject ", "s3:GetObject", false),
        ("s3:", "s3:GetObject", false),
        ("s3:${x, 'GetObject'}", "s3:GetObject", false),
        ("s3-outposts:*", "s3:GetObject", false),
        ("ec2:*", "s3:GetObject", false),
    ] {
        assert_eq!(action_matches(&format!(r#""Action":"{pattern}""#), action), expected, "{pattern}");
        assert_eq!(action_matches(&format!(r#""NotAction":["{pattern}"]"#), action), !expected, "Not {pattern}");
    }
    assert!(action_matches(r#""Action":["ec2:*","s3:Put*","s3:GetObject"]"#, "s3:GetObject"));
}

#[test]
fn arn_parts_are_compared_one_by_one() {
    let instance = "arn:aws:ec2:us-east-1:111111111111:instance/i-1";
    for (pattern, resource, expected) in [
        ("*", instance, true),
        ("**", instance, true),
        ("arn:aws:ec2:us-east-1:111111111111:instance/i-1", instance, true),
        ("arn:aws:ec2:*:*:instance/*", instance, true),
        ("arn:*:ec2:us-????-1:1*1:instance/i-?", instance, true),
        ("arn:???:ec2:*:*:*", instance, true),
        ("arn:aws-cn:ec2:*:*:*", instance, false),
        ("arn:aws:ec2:us-west-1:*:*", instance, false),
        // A wildcard of one part does not reach into the next.
        ("arn:aws:ec2:*:instance/*", "arn:aws:ec2:us-east-1:111111111111:instance/i-1", false),
        ("arn:aws:ec2:us*1:instance/i-1", instance, false),
        ("arn:aws:s3:*:photos", "arn:aws:s3:::photos", false),
        // In the sixth part it reaches over slashes and colons, and over line feeds.
        ("arn:aws:s3:::photos/*", OBJECT, true),
        ("arn:aws:s3:::ph*svg", OBJECT, true),
        ("arn:aws:s3:::photos/*.svg", "arn:aws:s3:::photos/a\nb:c/d.svg", true),
        ("arn:aws:s3:::photos/*", BUCKET, false),
        ("arn:aws:s3:::Photos", BUCKET, false),
        ("arn:aws:S3:::photos", BUCKET, false),
        ("arn:aws:sqs:us-east-1:1:q?", "arn:aws:sqs:us-east-1:1:qé", true),
    ] {
        assert_eq!(resource_matches(pattern, resource, &Keys::new()), expected, "{pattern} {resource}");
    }
}

#[test]
fn the_pieces_of_a_pattern_do_not_overlap() {
    for (pattern, text, expected) in [
        ("ab*ba", "aba", false),
        ("ab*ba", "abba", true),
        ("a*b*b", "ab", false),
        ("a*b*b", "abb", true),
        ("*ab*ab*", "abab", true),
        ("*ab*ab*", "aba", false),
        ("??*??", "abc", false),
    ] {
        let condition = format!(r#"{{"StringLike":{{"a:x":"{pattern}"}}}}"#);
        assert_eq!(super::holds(&condition, &Keys::new().with("a:x", text)), expected, "{pattern} {text}");
    }
}

#[test]
fn neither_service_nor_resource_type_may_be_wild() {
    let none = Keys::new();
    assert!(!resource_matches("arn:aws:*:::photos", BUCKET, &none));
    assert!(!resource_matches("arn:aws:ec2:*:*:*/i-1", "arn:aws:ec2:r:1:instance/i-1", &none));
    assert!(!resource_matches("arn:aws:lambda:*:*:f*:x", "arn:aws:lambda:r:1:function:x", &none));
    // These services name resources without a type.
    assert!(resource_matches("arn:aws:s3:::*/cats/1.svg", OBJECT, &none));
    assert!(resource_matches("arn:aws:execute-api:*:*:*/prod/GET/x", "arn:aws:execute-api:r:1:api/prod/GET/x", &none));
}

/// Attack: a denial, or an exception from an allowance, whose pattern the cloud may read as naming nothing.
#[test]
fn what_may_name_nothing_withholds_all_that_it_looks_like() {
    let all = r#"{"Effect":"Allow","Action":"*","Resource":"*"}"#;
    let instance = "arn:aws:ec2:us-east-1:111111111111:instance/i-1";
    let group = "arn:aws:autoscaling:r:1:autoScalingGroup:u:autoScalingGroupName/eks-a";
    let secret = "arn:aws:secretsmanager:us-east-1:111111111111:secret:prod-db";
    let ask = |statements: &str, action: &str, resource: &str| identity(statements, action, resource, &Keys::new());
    for (pattern, action, resource) in [
        ("arn:aws:ec2:*:*:*/i-1", "ec2:StopInstances", instance),
        ("arn:aws:*:*:*:instance/i-1", "ec2:StopInstances", instance),
        ("arn:aws:e*", "ec2:StopInstances", instance),
        ("arn:aws:autoscaling:*:*:*:autoScalingGroupName/eks-*", "autoscaling:UpdateAutoScalingGroup", group),
        // A `*` that ends a part may reach over colons, also where a type is taken for an account.
        ("arn:aws:ec2:*:instance/i-1", "ec2:StopInstances", instance),
        ("arn:aws:ec2:*/i-1", "ec2:StopInstances", instance),
        ("arn:aws:secretsmanager:*:secret:prod-*", "secretsmanager:GetSecretValue", secret),
    ] {
        let deny = format!(r#"{all},{{"Effect":"Deny","Action":"*","Resource":"{pattern}"}}"#);
        assert_eq!(ask(&deny, action, resource), Outcome::ExplicitDeny, "{pattern}");
        let all_but = format!(r#"{{"Effect":"Allow","Action":"*","NotResource":"{pattern}"}}"#);
        assert_eq!(ask(&all_but, action, resource), Outcome::ImplicitDeny, "{pattern}");
        // Neither lets anybody in: an allowance of it, or a denial that spares it.
        let allow = format!(r#"{{"Effect":"Allow","Action":"*","Resource":"{pattern}"}}"#);
        assert_eq!(ask(&allow, action, resource), Outcome::ImplicitDeny, "{pattern}");
        let spares = format!(r#"{all},{{"Effect":"Deny","Action":"*","NotResource":"{pattern}"}}"#);
        assert_eq!(ask(&spares, action, resource), Outcome::ExplicitDeny, "{pattern}");
        // What does not look like it is not touched.
        assert_eq!(ask(&deny, "s3:GetObject", OBJECT), Outcome::Allow, "{pattern}");
        assert_eq!(ask(&all_but, "s3:GetObject", OBJECT), Outcome::Allow, "{pattern}");
    }
    for pattern in ["ec*:StopInstances", "*:stop*", "?c2:*", "*:*"] {
        let deny = format!(r#"{all},{{"Effect":"Deny","Action":"{pattern}","Resource":"*"}}"#);
        assert_eq!(ask(&deny, "ec2:StopInstances", instance), Outcome::ExplicitDeny, "{pattern}");
        let all_but = format!(r#"{{"Effect":"Allow","NotAction":"{pattern}","Resource":"*"}}"#);
        assert_eq!(ask(&all_but, "ec2:StopInstances", instance), Outcome::ImplicitDeny, "{pattern}");
        let spares = format!(r#"{all},{{"Effect":"Deny","NotAction":"{pattern}","Resource":"*"}}"#);
        assert_eq!(ask(&spares, "ec2:StopInstances", instance), Outcome::ExplicitDeny, "{pattern}");
        assert_eq!(ask(&deny, "s3:GetObject", OBJECT) == Outcome::Allow, pattern != "*:*", "{pattern}");
    }
}

/// A pattern that visibly matches and does not is told apart from one that does not match.
#[test]
fn an_explanation_says_of_a_pattern_that_it_names_nothing() {
    let group = "arn:aws:autoscaling:r:111111111111:autoScalingGroup:u:autoScalingGroupName/eks-a";
    let told = |resources: &str| {
        let statement = format!(r#"{{"Effect":"Allow","Action":"*","Resource":{resources}}}"#);
        let policies = [super::policy(Kind::Identity, &statement)];
        let (action, resource, keys) = ("autoscaling:x".parse().unwrap(), group.parse().unwrap(), Keys::new());
        let (who, layers) = (principal(super::USER), Layers::new(&policies));
        let request = Request::new(&who, &action, &resource, &keys);
        evaluate(&layers, &request).explain().reason
    };
    let wild = r#""arn:aws:autoscaling:*:*:*:autoScalingGroupName/eks-*""#;
    assert!(told(wild).ends_with(
        ", which names nothing: an ARN has six parts, and no wildcards in its service and its resource type"
    ));
    assert!(told(&format!(r#"[{wild},"arn:aws:s3:::a"]"#)).contains(", some of which name nothing: "));
    assert!(told(r#""arn:aws:s3:::a""#).ends_with("only on \"arn:aws:s3:::a\""));
}

#[test]
fn a_short_arn_means_any_where_its_kind_of_policy_lets_it() {
    let queue = "arn:aws:sqs:us-east-1:111111111111:queue";
    for (pattern, identity_policy, resource_policy, control_policy) in [
        ("arn:aws:sqs", Some(true), Some(false), None),
        ("arn:aws:sqs:us-east-1", Some(true), Some(false), None),
        ("arn:aws:sqs:us-east-1:111111111111", Some(true), Some(false), None),
        ("arn:aws:sqs:*", Some(true), Some(true), Some(true)),
        ("arn:aws:sqs:us-east-1:1*", Some(true), Some(true), Some(true)),
        ("arn:aws:sqs:*:111111111111", Some(true), Some(true), None),
        ("arn:aws:sqs:us-west-2", Some(false), Some(false), None),
        ("arn:aws:sqs:us-west-2:*", Some(false), Some(false), Some(false)),
    ] {
        let denies = |kind: Kind| {
            let who = if kind == Kind::Resource { r#""Principal":"*","# } else { "" };
            let text = document(&format!(r#"{{"Effect":"Deny",{who}"Action":"*","Resource":"{pattern}"}}"#));
            let policy = Policy::parse(&text, kind).ok()?;
            let levels = [daypass::policy::Level::new("root", vec![policy.clone()])];
            let layers = match kind {
                Kind::Resource => Layers::new(&[]).with_resource(&policy),
                Kind::ServiceControl => Layers::new(&[]).with_service_control(&levels),
                _ => Layers::new(std::slice::from_ref(&policy)),
            };
            let outcome = super::decide(&layers, &principal(super::USER), "sqs:SendMessage", queue, &Keys::new());
            Some(outcome == Outcome::ExplicitDeny)
        };
        assert_eq!(denies(Kind::Identity), identity_policy, "{pattern}");
        assert_eq!(denies(Kind::Resource), resource_policy, "{pattern}");
        assert_eq!(denies(Kind::ServiceControl), control_policy, "{pattern}");
    }
}

#[test]
fn actions_without_resources_are_named_by_the_lone_star_only() {
    let ask = |element: &str| {
        let statement = format!(r#"{{"Effect":"Allow","Action":"s3:ListAllMyBuckets",{element}}}"#);
        identity(&statement, "s3:ListAllMyBuckets", "*", &Keys::new()) == Outcome::Allow
    };
    assert!(ask(r#""Resource":"*""#) && ask(r#""Resource":["arn:aws:s3:::a","*"]"#));
    assert!(!ask(r#""Resource":"arn:aws:s3:::*""#) && !ask(r#""Resource":"arn:aws:s3:*""#));
    assert!(ask(r#""NotResource":"arn:aws:s3:::a""#) && !ask(r#""NotResource":"*""#));
}

#[test]
fn variables_fill_the_sixth_part() {
    let keys = Keys::new().with("aws:PrincipalTag/Team", "cats").with_list("aws:TagKeys", ["cats"]);
    for (pattern, expected) in [
        ("arn:aws:s3:::photos/${aws:PrincipalTag/Team}/*", true),
        ("arn:aws:s3:::photos/${AWS:principaltag/TEAM}/1.svg", true),
        ("arn:aws:s3:::*/${aws:PrincipalTag/Team}/*", true),
        ("arn:aws:s3:::photos/*${aws:PrincipalTag/Team}*", true),
        ("arn:aws:s3:::photos/${aws:PrincipalTag/Team, 'dogs'}/*", true),
        ("arn:aws:s3:::photos/${aws:PrincipalTag/none, 'cats'}/*", true),
        ("arn:aws:s3:::photos/${aws:PrincipalTag/none,'cats' }/*", true),
        ("arn:aws:s3:::photos/${aws:PrincipalTag/none}*", false),
        ("arn:aws:s3:::photos/${aws:TagKeys}/*", false),
        ("arn:aws:s3:::photos/${aws:TagKeys, 'cats'}/*", true),
        ("arn:aws:s3:::photos/cats/1${?}svg", false),
        ("arn:aws:s3:::photos/cats/${*}", false),
    ] {
        assert_eq!(resource_matches(pattern, OBJECT, &keys), expected, "{pattern}");
    }
    assert!(resource_matches("arn:aws:s3:::a/${*}${?}${$}", "arn:aws:s3:::a/*?$", &keys));
    assert!(!resource_matches("arn:aws:s3:::a/${*}${?}${$}", "arn:aws:s3:::a/xyz", &keys));
}

#[test]
fn variables_are_text_before_version_2012() {
    for version in [r#""Version":"2008-10-17","#, ""] {
        let resource = r#""arn:aws:s3:::photos/${aws:x, 'cats'}""#;
        let text = format!(r#"{{{version}"Statement":{{"Effect":"Allow","Action":"*","Resource":{resource}}}}}"#);
        let policies = [Policy::parse(&text, Kind::Identity).unwrap()];
        let layers = Layers::new(&policies);
        let ask = |resource: &str| {
            super::decide(&layers, &principal(super::USER), "s3:GetObject", resource, &Keys::new()) == Outcome::Allow
        };
        assert!(!ask("arn:aws:s3:::photos/cats"));
        assert!(ask("arn:aws:s3:::photos/${aws:x, 'cats'}"));
        // In conditions too, where a dollar sign is one.
        let block = r#""Condition":{"StringEquals":{"aws:y":"${aws:x}"},"StringLike":{"aws:z":"${*}"}}"#;
        let text = format!(r#"{{{version}"Statement":{{"Effect":"Allow","Action":"*","Resource":"*",{block}}}}}"#);
        let policies = [Policy::parse(&text, Kind::Identity).unwrap()];
        let ask = |y: &str, z: &str| {
            let keys = Keys::new().with("aws:x", "cats").with("aws:y", y).with("aws:z", z);
            let layers = Layers::new(&policies);
            super::decide(&layers, &principal(super::USER), "s3:GetObject", "*", &keys) == Outcome::Allow
        };
        assert!(ask("${aws:x}", "${any}") && !ask("cats", "${any}") && !ask("${aws:x}", "*"));
    }
}

#[test]
fn excluding_nothing_does_not_widen_an_allow() {
    let statement = |effect: &str| {
        let home = "arn:aws:s3:::photos/${aws:username}/*";
        format!(r#"{{"Effect":"{effect}","Action":"*","NotResource":"{home}"}}"#)
    };
    let ask = |effect: &str, keys: &Keys| identity(&statement(effect), "s3:GetObject", OBJECT, keys);
    assert_eq!(ask("Allow", &Keys::new()), Outcome::ImplicitDeny);
    assert_eq!(ask("Deny", &Keys::new()), Outcome::ExplicitDeny);
    assert_eq!(ask("Allow", &Keys::new().with("aws:username", "dogs")), Outcome::Allow);
    assert_eq!(ask("Deny", &Keys::new().with("aws:username", "cats")), Outcome::ImplicitDeny);
}

#[test]
fn names_in_requests_are_held_to_their_form() {
    for text in ["", "s3", "s3:", ":Get", "s3:Get*", "s?:Get", "a:b:c", "s3:Gét"] {
        assert_eq!(text.parse::<Action>(), Err(NameError::Action), "{text}");
    }
    let action: Action = "S3:GetObject".parse().unwrap();
    assert_eq!((action.as_str(), action.service()), ("S3:GetObject", "s3"));
    for text in ["", "photos", "arn:aws:s3", "**"] {
        assert!(matches!(text.parse::<Resource>(), Err(NameError::Resource(_))), "{text}");
    }
    let who = principal(super::USER);
    let (resource, keys) = (Resource::All, Keys::new());
    assert_eq!(
        evaluate(&Layers::new(&[]), &Request::new(&who, &action, &resource, &keys)).outcome(),
        Outcome::ImplicitDeny
    );
}
