//! Conditions that are there and keep nobody out.

use daypass::policy::Kind;
use daypass::policy::lint::Severity;

use super::lint::{GITHUB, allow, federated, found, lints};

/// Attack: a condition that is there so that nobody looks, and lets everybody in all the same.
#[test]
fn a_condition_that_scopes_nobody_leaves_everyone_trusted() {
    let trust = |action: &str, block: &str| {
        let statement =
            format!(r#"{{"Effect":"Allow","Action":"{action}","Principal":{{"AWS":"*"}},"Condition":{block}}}"#);
        lints(&found(Kind::Trust, &statement)).contains(&"everyone-trusted")
    };
    let bucket = |block: &str| {
        let statement = format!(
            r#"{{"Effect":"Allow","Action":"s3:GetObject","Principal":"*","Resource":"arn:aws:s3:::a/*","Condition":{block}}}"#
        );
        lints(&found(Kind::Resource, &statement)).contains(&"everyone-conditioned")
    };
    for block in [
        r#"{"Bool":{"aws:SecureTransport":"true"}}"#,
        r#"{"Bool":{"aws:MultiFactorAuthPresent":"true"}}"#,
        r#"{"StringNotEquals":{"aws:PrincipalAccount":"111111111111"}}"#,
        r#"{"StringEqualsIfExists":{"aws:PrincipalAccount":"111111111111"}}"#,
        r#"{"StringLike":{"aws:PrincipalArn":"*"}}"#,
        r#"{"StringLike":{"aws:PrincipalArn":"?*"}}"#,
        r#"{"StringLike":{"aws:PrincipalArn":["arn:aws:iam::111111111111:role/a","*"]}}"#,
        r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/admin"}}"#,
        r#"{"ArnLike":{"aws:PrincipalArn":"arn:*:*:*:*:*"}}"#,
        r#"{"StringEquals":{"aws:PrincipalArn":"${aws:PrincipalArn}"}}"#,
        r#"{"StringLike":{"aws:PrincipalOrgID":"*"}}"#,
        r#"{"StringLike":{"aws:PrincipalOrgID":"o-*"}}"#,
        r#"{"Null":{"aws:PrincipalOrgID":"false"}}"#,
        r#"{"StringLike":{"aws:UserAgent":"*"}}"#,
        r#"{"StringEquals":{"aws:PrincipalTag/team":"cats"}}"#,
        r#"{"StringEquals":{"aws:username":"admin"}}"#,
        r#"{"IpAddress":{"aws:SourceIp":["0.0.0.0/1","128.0.0.0/1"]}}"#,
        r#"{"StringLike":{"sts:ExternalId":"*"}}"#,
        r#"{"StringLike":{"aws:userid":"*:martha"}}"#,
        r#"{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::photos*"}}"#,
    ] {
        assert!(trust("sts:AssumeRole", block), "{block}");
        assert!(bucket(block), "{block}");
    }
    for block in [
        r#"{"StringEquals":{"aws:PrincipalAccount":"111111111111"}}"#,
        r#"{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#,
        r#"{"StringEquals":{"aws:PrincipalOrgID":"${aws:ResourceOrgID}"}}"#,
        r#"{"ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-1/r-1/*"}}"#,
        r#"{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111111111111:role/team/*"}}"#,
        r#"{"StringLike":{"aws:PrincipalArn":"arn:aws:iam::${aws:ResourceAccount}:role/*"}}"#,
        r#"{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::photos"}}"#,
        r#"{"StringLike":{"aws:userid":"AROAEXAMPLEEXAMPLE:*"}}"#,
        r#"{"StringEquals":{"sts:ExternalId":"x"}}"#,
        r#"{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}"#,
        r#"{"StringEquals":{"aws:PrincipalAccount":"111111111111"},"Bool":{"aws:SecureTransport":"true"}}"#,
    ] {
        assert!(!trust("sts:AssumeRole", block), "{block}");
        assert!(!bucket(block), "{block}");
    }
    // With a token comes whomever a provider of the account vouches for.
    let web = "sts:AssumeRoleWithWebIdentity";
    for (block, expected) in [
        (r#"{"Bool":{"aws:SecureTransport":"true"}}"#, true),
        (r#"{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"}}"#, true),
        (r#"{"StringLike":{"token.actions.githubusercontent.com:sub":"*"}}"#, true),
        (r#"{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:*"}}"#, true),
        (r#"{"StringEquals":{"token.actions.githubusercontent.com:environment":"prod"}}"#, true),
        (r#"{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/site:*"}}"#, false),
        (r#"{"StringEquals":{"login.example.com:sub":"ada"}}"#, false),
        (r#"{"StringEquals":{"cognito-identity.amazonaws.com:aud":"us-east-1:1"}}"#, false),
        (r#"{"StringEquals":{"aws:PrincipalOrgID":"o-1"}}"#, false),
    ] {
        assert_eq!(trust(web, block), expected, "{block}");
    }
    let open = format!(r#"{{"Effect":"Allow","Action":"{web}","Principal":{{"AWS":"*"}}}}"#);
    let findings = found(Kind::Trust, &open);
    assert_eq!(
        (findings[0].lint.severity, findings[0].problem.as_str()),
        (Severity::Risky, "\"*\" lets whomever an identity provider of the account vouches for assume the role")
    );
}

#[test]
fn a_test_of_a_claim_that_any_value_passes_is_found() {
    let sub = r#""StringLike":{"token.actions.githubusercontent.com:sub":"repo:o/r:environment:prod"}"#;
    let trust = |block: &str| lints(&found(Kind::Trust, &federated(GITHUB, &format!("{{{block}}}"))));
    let aud = r#""StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com"}"#;
    assert_eq!(trust(&format!(r#"{sub},"StringLikeIfExists":{{"{GITHUB}:aud":"*"}}"#)), ["absent-key-passes"]);
    let open = format!(r#""StringLike":{{"{GITHUB}:sub":"repo:o/r:environment:prod","{GITHUB}:aud":"*"}}"#);
    assert_eq!(trust(&open), ["tests-nothing"]);
    let itself = format!(r#"{aud},"StringLike":{{"{GITHUB}:sub":"${{{GITHUB}:sub}}"}}"#);
    assert_eq!(trust(&itself), ["tests-nothing"]);
    assert_eq!(trust(&itself.replace("StringLike", "StringEqualsIgnoreCase")), ["tests-nothing"]);
    let of = |claim: &str, value: &str| trust(&format!(r#"{aud},"StringLike":{{"{GITHUB}:{claim}":"{value}"}}"#));
    assert_eq!(of("repository", "*"), ["subject-wildcard"]);
    assert_eq!(of("repository", "o/*"), ["subject-wildcard"]);
    assert_eq!(of("repository", "o/r"), [""; 0]);
    assert_eq!(of("repository_id", "*"), ["tests-nothing"]);
    // Nor do the repositories of one owner make anybody's subject one of theirs alone.
    let both = |repository: &str| {
        trust(&format!(r#"{aud},"StringLike":{{"{GITHUB}:sub":"repo:*","{GITHUB}:repository":"{repository}"}}"#))
    };
    assert_eq!((both("o/*"), both("o/r")), (vec!["subject-wildcard"], vec![]));
    let saml = r#"{"Effect":"Allow","Action":"sts:AssumeRoleWithSAML","Condition":{"StringLike":{"saml:aud":"*"}},
        "Principal":{"Federated":"arn:aws:iam::111111111111:saml-provider/corp"}}"#;
    assert_eq!(lints(&found(Kind::Trust, saml)), ["tests-nothing"]);
    let vendor = r#"{"Effect":"Allow","Action":"sts:AssumeRole","Condition":{"StringLike":{"sts:ExternalId":"*"}},
        "Principal":{"AWS":"222222222222"}}"#;
    assert_eq!(lints(&found(Kind::Trust, vendor)), ["account-trusted"]);
}

/// By the rule that a list is compared through set operators only, such a denial denies nobody.
#[test]
fn a_list_compared_as_one_value_is_found() {
    for (block, expected) in [
        (r#"{"StringNotEquals":{"aws:PrincipalOrgPaths":"o-1/r-1/"}}"#, true),
        (r#"{"StringEquals":{"aws:TagKeys":"team"}}"#, true),
        (r#"{"StringLikeIfExists":{"AWS:calledVia":"athena.amazonaws.com"}}"#, true),
        (r#"{"ForAnyValue:StringEquals":{"aws:TagKeys":"team"}}"#, false),
        (r#"{"ForAllValues:StringEquals":{"aws:TagKeys":"team"}}"#, false),
        (r#"{"Null":{"aws:TagKeys":"true"}}"#, false),
        (r#"{"StringEquals":{"aws:PrincipalTag/TagKeys":"team"}}"#, false),
    ] {
        for effect in ["Allow", "Deny"] {
            let more = format!(r#","Condition":{block}"#);
            let statement = allow("s3:GetObject", "arn:aws:s3:::a/b", &more).replace("Allow", effect);
            let findings = found(Kind::Identity, &statement);
            let expected: &[&str] = if expected { &["set-operator-missing"] } else { &[] };
            assert_eq!(lints(&findings), expected, "{block}");
            let told = if effect == "Deny" { "it denies nobody who has one" } else { "it lets nobody in who has one" };
            assert!(findings.iter().all(|own| own.problem.ends_with(told)), "{findings:?}");
        }
    }
}
