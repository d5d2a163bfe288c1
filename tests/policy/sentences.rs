//! The sentences in which documents are refused: the cloud's first, by kind of policy, and what we have to say after it.

use super::document;
use daypass::policy::{Kind, Policy};

fn sentence(text: &str, kind: Kind) -> String {
    Policy::parse(text, kind).expect_err(text).sentence(kind)
}

/// A statement that allows `s3:ListBucket` on a bucket, with elements added or, as `null`, taken away.
fn with(change: &serde_json::Value) -> String {
    let mut all = serde_json::json!({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::photos"});
    for (name, value) in change.as_object().unwrap() {
        all[name] = value.clone();
    }
    all.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    all.to_string()
}

#[test]
fn each_mistake_of_an_identity_policy_has_its_sentence() {
    const SYNTAX: &str = "Syntax errors in policy. line 1, column ";
    const LEGACY: &str = "The policy failed legacy parsing: line 1, column ";
    const VENDOR: &str = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. line 1, column ";
    for (change, expected) in [
        (r#"{"Effect":null}"#, SYNTAX),
        (r#"{"Effect":"perhaps"}"#, SYNTAX),
        (r#"{"Effect":{}}"#, SYNTAX),
        (r#"{"Effect":"aLLow"}"#, LEGACY),
        (r#"{"More":1}"#, SYNTAX),
        (r#"{"Action":{}}"#, SYNTAX),
        (r#"{"NotAction":[]}"#, SYNTAX),
        (r#"{"NotResource":"*"}"#, SYNTAX),
        (r#"{"Sid":[]}"#, SYNTAX),
        (r#"{"Condition":{"Equals":{"aws:a":"1"}}}"#, SYNTAX),
        (r#"{"Condition":{"DateLessThan":{"aws:a":{}}}}"#, SYNTAX),
        (r#"{"Condition":{"DateLessThan":{"aws:a":"soon"}}}"#, LEGACY),
        (r#"{"Condition":{"NumericLessThan":{"aws:a":"few"}}}"#, SYNTAX),
        (r#"{"Principal":"*"}"#, "Policy document should not specify a principal. line 1, column "),
        (
            r#"{"Sid":"a b"}"#,
            "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*: line 1, column ",
        ),
        (r#"{"Action":null}"#, "Policy statement must contain actions. line 1, column "),
        (r#"{"Action":[]}"#, "Policy statement must contain actions. line 1, column "),
        (r#"{"Resource":null}"#, "Policy statement must contain resources. line 1, column "),
        (r#"{"Resource":[]}"#, "Policy statement must contain resources. line 1, column "),
        (r#"{"Action":"ListBucket"}"#, VENDOR),
        (r#"{"Action":""}"#, VENDOR),
        (r#"{"Action":"s 3:ListBucket"}"#, "Vendor s 3 is not valid: line 1, column "),
        (r#"{"Action":"s3:List:Bucket"}"#, "Actions/Condition can contain only one colon. line 1, column "),
        (r#"{"Resource":"photos"}"#, "Resource photos must be in ARN format or \"*\". line 1, column "),
        (r#"{"Resource":""}"#, "Resource  must be in ARN format or \"*\". line 1, column "),
        (
            r#"{"Resource":"x:aws:s3:::photos"}"#,
            "Resource x:aws:s3:::photos must be in ARN format or \"*\". line 1, column ",
        ),
        (
            r#"{"Resource":"aws:s3:::photos"}"#,
            "Partition \"s3\" is not valid for resource \"arn:s3:::photos:*\". line 1, column ",
        ),
        (r#"{"Resource":"a:b"}"#, "Partition \"b\" is not valid for resource \"arn:b:*:*:*:*\". line 1, column "),
        (
            r#"{"Resource":"a:b:c:d:e:f:g:h"}"#,
            "Partition \"b\" is not valid for resource \"arn:b:c:d:e:f:g:h\". line 1, column ",
        ),
        (
            r#"{"Resource":"arn:aws"}"#,
            "Resource vendor must be fully qualified and cannot contain regexes. line 1, column ",
        ),
        (r#"{"Resource":"arn:aws:s3::photos"}"#, LEGACY),
        (r#"{"Resource":"arn:aws::::photos"}"#, LEGACY),
        (r#"{"Resource":null,"NotResource":"arn:aws:s3::photos"}"#, LEGACY),
    ] {
        let text = document(&with(&serde_json::from_str(change).unwrap()));
        let found = sentence(&text, Kind::Identity);
        assert!(found.starts_with(expected), "{change}: {found}");
    }
    let twice = with(&serde_json::json!({"Sid": "a"}));
    let found = sentence(&document(&format!("{twice},{twice}")), Kind::Identity);
    assert!(found.starts_with("Statement IDs (SID) in a single policy must be unique. line 1, column "), "{found}");
    for (text, expected) in [
        ("no json", "Syntax errors in policy. line 1, column 1: expected a value"),
        (r#"{"Statement":[]}"#, "Syntax errors in policy. line 1, column 14: "),
        (r#"{"Version":"2013-10-17"}"#, "Syntax errors in policy. line 1, column 12: "),
    ] {
        assert!(sentence(text, Kind::Identity).starts_with(expected), "{text}");
    }
}

#[test]
fn of_several_mistakes_the_one_is_told_that_the_cloud_tells() {
    for (statements, expected) in [
        // What has the wrong type comes before everything else, wherever it stands.
        (r#"{"Effect":"aLLow"},{"Effect":"Deny","Action":1}"#, "Syntax errors in policy."),
        // The oldest rules come next: effects, dates, and ARNs that name nothing.
        (r#"{"Effect":"allow","Sid":"a"},{"Effect":"Deny","Sid":"a"}"#, "The policy failed legacy parsing"),
        (r#"{"Effect":"Allow","Condition":{"DateEquals":{"a:b":"x"}}}"#, "The policy failed legacy parsing"),
        (r#"{"Effect":"Allow","Resource":"arn:aws:s3::photos"}"#, "The policy failed legacy parsing"),
        // The resource that is wrong first decides whether it is one of those.
        (
            r#"{"Effect":"Allow","Action":"*","Resource":["photos","arn:aws:s3::photos"]}"#,
            "Resource photos must be in ARN format or \"*\".",
        ),
        (
            r#"{"Effect":"Allow","Action":"*","Resource":["arn:aws:s3::photos","photos"]}"#,
            "The policy failed legacy parsing",
        ),
        // Then names that are used twice, what is missing, and forms, of resources before those of actions.
        (
            r#"{"Effect":"Allow","Sid":"a"},{"Effect":"Deny","Sid":"a"}"#,
            "Statement IDs (SID) in a single policy must be unique.",
        ),
        (r#"{"Effect":"Allow"}"#, "Policy statement must contain actions."),
        (r#"{"Effect":"Allow","Resource":"photos"}"#, "Policy statement must contain actions."),
        (
            r#"{"Effect":"Allow","Action":"s:3:x","Resource":"photos"}"#,
            "Resource photos must be in ARN format or \"*\".",
        ),
        // That there are no resources comes last.
        (
            r#"{"Effect":"Allow","Action":"wrong"}"#,
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ),
        (r#"{"Effect":"Allow","Action":"s3:GetObject"}"#, "Policy statement must contain resources."),
    ] {
        let found = sentence(&document(statements), Kind::Identity);
        assert!(found.starts_with(expected), "{statements}: {found}");
    }
}

#[test]
fn policies_that_name_principals_have_words_of_their_own() {
    let trust = |more: &str| document(&format!(r#"{{"Effect":"Allow",{more}}}"#));
    let account = r#""Principal":{"AWS":"111111111111"}"#;
    for (text, expected) in [
        ("{".to_owned(), "This policy contains invalid Json: line 1, column 2: "),
        (r#"{"Comment":"x"}"#.to_owned(), "Unknown field Comment: line 1, column 2: "),
        (trust(r#""Action":"sts:AssumeRole""#), "Missing required field Principal: line 1, column 38: "),
        (trust(account), "Missing required field Action: line 1, column 38: "),
        (
            trust(&format!(r#"{account},"Action":"s3:GetObject""#)),
            "AssumeRole policy may only specify STS AssumeRole actions. line 1, column ",
        ),
        (
            trust(&format!(r#"{account},"Action":"sts:AssumeRole","Resource":"*""#)),
            "Has prohibited field Resource: line 1, column ",
        ),
        (
            trust(r#""NotPrincipal":{"AWS":"111111111111"},"Action":"sts:AssumeRole""#),
            "Allow with NotPrincipal is not allowed. line 1, column ",
        ),
        (
            trust(r#""Principal":{"AWS":"martha"},"Action":"sts:AssumeRole""#),
            "Invalid principal in policy: \"AWS\":\"martha\": line 1, column ",
        ),
        (trust("").replace(",}", "}").replace("Allow", "allow"), "Invalid effect: allow: line 1, column "),
        (
            r#"{"Version":"2013-10-17"}"#.to_owned(),
            "The policy must contain a valid version string: line 1, column 12: ",
        ),
    ] {
        let found = sentence(&text, Kind::Trust);
        assert!(found.starts_with(expected), "{text}: {found}");
    }
    let found = sentence("{", Kind::Session);
    assert!(found.starts_with("This policy contains invalid Json: line 1, column 2: "), "{found}");
}

/// What IAM no longer saves is evaluated where it was saved before.
#[test]
fn documents_of_before_are_read() {
    for (kind, text) in [
        (
            Kind::Identity,
            r#"{"Version":"2008-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#.to_owned(),
        ),
        (Kind::Identity, r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#.to_owned()),
        (Kind::Identity, document(r#"{"Effect":"Deny","Action":"*","Resource":"arn:aws:s3:us-east-1::photos"}"#)),
        (Kind::Identity, document(r#"{"Effect":"Deny","Action":"*","Resource":"arn:aws:iam:::x"}"#)),
        (Kind::Trust, document(r#"{"Effect":"Allow","Principal":"*","Action":"sts:GetFederationToken"}"#)),
        (
            Kind::Trust,
            document(
                r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:role/*"},"Action":"sts:AssumeRole"}"#,
            ),
        ),
    ] {
        Policy::parse(&text, kind).unwrap();
    }
}

/// A bucket's name is of all regions in every partition, and is no resource of IAM.
#[test]
fn a_region_in_the_name_of_a_bucket_is_told_of_the_bucket() {
    for resource in ["arn:aws:s3:us-east-1::photos", "arn:aws-cn:s3:cn-north-1::photos"] {
        let statement = with(&serde_json::json!({"Resource": resource}));
        let refused = Policy::parse_to_save(&document(&statement), Kind::Identity, usize::MAX).unwrap_err();
        let expected = format!("Resource {resource} can not contain region information. line 1, column ");
        assert!(refused.sentence(Kind::Identity).starts_with(&expected), "{}", refused.sentence(Kind::Identity));
    }
}
