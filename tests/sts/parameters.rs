//! What is wrong with the parameters of a call, all of it at once and in the words of the service model.

use serde_json::json;

use crate::site::{ACCOUNT, MEMBER, Signer, Site, allow, trust};

const NAMES: &str = r"Member must satisfy regular expression pattern: [\w+=,.@-]*";

async fn site() -> (Site, Signer, String) {
    let site = Site::start().await;
    let martha = site.user(ACCOUNT, "martha", &allow(&["*"]));
    let open = site.role(ACCOUNT, "open", &trust(ACCOUNT, &["sts:*"], &json!({})), &allow(&["*"]));
    (site, martha, open)
}

/// The sentence of a call of `operation` that is refused for its parameters.
async fn told(site: &Site, signer: &Signer, operation: &str, asked: &[(&str, &str)]) -> String {
    let refused = site.sts(signer, operation, asked).await;
    let (status, code, sentence) = refused.refusal();
    assert_eq!((status, code), (400, "ValidationError"), "{sentence}");
    sentence.replace("&apos;", "'")
}

fn one(value: &str, parameter: &str, constraint: &str) -> String {
    format!("1 validation error detected: Value {value} at '{parameter}' failed to satisfy constraint: {constraint}")
}

#[tokio::test]
async fn names_outside_their_pattern_are_counted_with_everything_else() {
    let (site, martha, open) = site().await;
    let named = |name: &'static str| [("RoleArn", open.clone()), ("RoleSessionName", name.to_owned())];
    let asked = named("martha");
    let mut asked: Vec<(&str, &str)> = asked.iter().map(|(name, value)| (*name, value.as_str())).collect();
    asked.push(("SourceIdentity", "a b"));
    let expected = one("'a b'", "sourceIdentity", NAMES);
    assert_eq!(told(&site, &martha, "AssumeRole", &asked).await, expected);
    let three = [("RoleArn", open.as_str()), ("RoleSessionName", "a b"), ("DurationSeconds", "1"), ("ExternalId", "x")];
    let sentence = told(&site, &martha, "AssumeRole", &three).await;
    assert!(sentence.starts_with("3 validation errors detected: "), "{sentence}");
    for part in [
        &format!("Value 'a b' at 'roleSessionName' failed to satisfy constraint: {NAMES}"),
        "durationSeconds",
        "externalId",
    ] {
        assert!(sentence.contains(part), "{sentence}");
    }
    let two = [("RoleArn", open.as_str()), ("RoleSessionName", "a b"), ("WebIdentityToken", "x")];
    let sentence = told(&site, &martha, "AssumeRoleWithWebIdentity", &two).await;
    assert!(
        sentence.starts_with("2 validation errors detected: ") && sentence.contains("roleSessionName"),
        "{sentence}"
    );
}

#[tokio::test]
async fn negative_numbers_are_numbers() {
    let (site, martha, open) = site().await;
    let task = "arn:aws:iam::aws:policy/root-task/IAMAuditRootUserCredentials";
    let role = [("RoleArn", open.as_str()), ("RoleSessionName", "martha"), ("DurationSeconds", "-1")];
    let expected = one("'-1'", "durationSeconds", "Member must have value greater than or equal to 900");
    assert_eq!(told(&site, &martha, "AssumeRole", &role).await, expected);
    let root = [("TargetPrincipal", MEMBER), ("TaskPolicyArn.arn", task), ("DurationSeconds", "-1")];
    let expected = one("'-1'", "durationSeconds", "Member must have value greater than or equal to 0");
    assert_eq!(told(&site, &martha, "AssumeRoot", &root).await, expected);
    let root = [("TargetPrincipal", MEMBER), ("TaskPolicyArn.arn", task), ("DurationSeconds", "99999999999")];
    let expected = one("'99999999999'", "durationSeconds", "Member must have value less than or equal to 900");
    assert_eq!(told(&site, &martha, "AssumeRoot", &root).await, expected);
}

#[tokio::test]
async fn what_was_given_is_not_called_null() {
    let (site, martha, open) = site().await;
    for (asked, expected) in [
        (
            [("RoleArn", open.as_str()), ("RoleSessionName", "")],
            one("''", "roleSessionName", "Member must have length greater than or equal to 2"),
        ),
        (
            [("RoleArn", ""), ("RoleSessionName", "martha")],
            one("''", "roleArn", "Member must have length greater than or equal to 20"),
        ),
    ] {
        assert_eq!(told(&site, &martha, "AssumeRole", &asked).await, expected);
    }
    let audience: Vec<String> = (1..=11).map(|number| format!("Audience.member.{number}")).collect();
    let mut asked: Vec<(&str, &str)> = audience.iter().map(|name| (name.as_str(), "a")).collect();
    asked.push(("SigningAlgorithm", "ES384"));
    let value = "'[a, a, a, a, a, a, a, a, a, a, a]'";
    let expected = one(value, "audience", "Member must have length less than or equal to 10");
    assert_eq!(told(&site, &martha, "GetWebIdentityToken", &asked).await, expected);
}

#[tokio::test]
async fn members_that_are_short_or_lack_something_are_named() {
    let (site, martha, open) = site().await;
    let center = "arn:aws:iam::aws:contextProvider/IdentityCenter";
    for (more, expected) in [
        (
            ("PolicyArns.member.1.arn", "xx"),
            one("'xx'", "policyArns.1.member.arn", "Member must have length greater than or equal to 20"),
        ),
        (("Tags.member.1.Key", "k"), one("null", "tags.1.member.value", "Member must not be null")),
        (("Tags.member.1.Value", "v"), one("null", "tags.1.member.key", "Member must not be null")),
        (
            ("ProvidedContexts.member.1.ProviderArn", center),
            one("null", "providedContexts.1.member.contextAssertion", "Member must not be null"),
        ),
        (
            ("ProvidedContexts.member.1.ContextAssertion", "eyJ0"),
            one("null", "providedContexts.1.member.providerArn", "Member must not be null"),
        ),
    ] {
        let asked = [("RoleArn", open.as_str()), ("RoleSessionName", "martha"), more];
        assert_eq!(told(&site, &martha, "AssumeRole", &asked).await, expected);
    }
    let half = [("RoleName", "open"), ("Tags.member.1.Key", "k")];
    let expected = one("null", "tags.1.member.value", "Member must not be null");
    assert_eq!(site.iam(&martha, "TagRole", &half).await.refusal(), (400, "ValidationError", expected));
    // Nothing is passed over.
    for more in [("Tags.member.1.key", "k"), ("Tags.member.2.Key", "k"), ("ProvidedContexts.member.1.More", "x")] {
        let refused = site.assume(&martha, &open, &[more]).await;
        assert_eq!((refused.status, refused.text("Code")), (400, "MalformedQueryString"), "{}", refused.body);
    }
    let sentence = told(&site, &martha, "AssumeRoot", &[("TargetPrincipal", MEMBER)]).await;
    assert_eq!(sentence, one("null", "taskPolicyArn", "Member must not be null"));
    let short = [("TargetPrincipal", MEMBER), ("TaskPolicyArn.arn", "x")];
    let expected = one("'x'", "taskPolicyArn.arn", "Member must have length greater than or equal to 20");
    assert_eq!(told(&site, &martha, "AssumeRoot", &short).await, expected);
}

#[tokio::test]
async fn tokens_and_keys_that_do_not_go_together_are_refused_in_one_sentence() {
    let (site, martha, open) = site().await;
    let session = site.assume(&martha, &open, &[]).await.credentials();
    let sentence = "The security token included in the request is invalid.".to_owned();
    for signer in [
        Signer { token: Some("xx".to_owned()), ..martha.clone() },
        Signer { token: None, ..session.clone() },
        Signer { token: session.token.clone(), ..martha.clone() },
        Signer { token: session.token.as_ref().map(|token| format!("{token}A")), ..session.clone() },
    ] {
        let refused = site.sts(&signer, "GetCallerIdentity", &[]).await;
        assert_eq!(refused.refusal(), (403, "InvalidClientTokenId", sentence.clone()));
    }
    let reasons: Vec<String> = site.trail.events().iter().map(|event| event.reason.clone()).collect();
    assert!(reasons.iter().any(|reason| reason.contains("malformed")), "the trail says which: {reasons:?}");
}
