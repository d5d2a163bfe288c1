//! Whether a condition says who comes, where a statement names everybody.

use super::subject::{self, Width};
use super::view::Condition;
use crate::policy::providers::says_whose;

/// Keys that say nothing of who asks: when, how and of what, or what anybody can call themselves in an account of their own.
const OF_ANYBODY: [&str; 24] = [
    "aws:calledvia",
    "aws:calledviafirst",
    "aws:calledvialast",
    "aws:currenttime",
    "aws:epochtime",
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
    "aws:principalisawsservice",
    "aws:principaltype",
    "aws:referer",
    "aws:requestedregion",
    "aws:resourceaccount",
    "aws:resourceorgid",
    "aws:resourceorgpaths",
    "aws:securetransport",
    "aws:sourceidentity",
    "aws:tagkeys",
    "aws:tokenissuetime",
    "aws:useragent",
    "aws:username",
    "aws:viaawsservice",
    "saml:aud",
    "saml:sub_type",
    "sts:durationseconds",
];
/// The same of keys that begin so; what S3 knows of a request is of the object.
const BEGIN_OF_ANYBODY: [&str; 8] = [
    "aws:principaltag/",
    "aws:requesttag/",
    "aws:resourcetag/",
    "iam:resourcetag/",
    "s3:",
    "sts:rolesessionname",
    "sts:sourceidentity",
    "sts:transitivetagkeys",
];
const OF_ACCESS_POINTS: [&str; 2] = ["s3:dataaccesspointaccount", "s3:dataaccesspointarn"];

/// Whether a condition lets in only accounts, organisations, networks or people that it tells from others.
pub(super) fn says_who(condition: &Condition<'_>) -> bool {
    let key = condition.key();
    let of_anybody = OF_ANYBODY.contains(&key) || BEGIN_OF_ANYBODY.iter().any(|head| key.starts_with(head));
    if !condition.compiled.is_pinning() || (of_anybody && !OF_ACCESS_POINTS.contains(&key)) {
        return false;
    }
    let values = || condition.values().map(|value| value.text);
    match key.rsplit_once(':') {
        Some((issuer, claim)) if issuer.contains('.') => {
            let strangers = |text| subject::judge(issuer, text).is_some_and(|wide| wide.width == Width::Strangers);
            let patterns_are_narrow = !condition.compiled.is_text_pattern() || !values().any(strangers);
            says_whose(issuer, claim) && (claim != "sub" || patterns_are_narrow)
        }
        _ if key.ends_with("orgid") || key.ends_with("orgpaths") => values().all(names_organization),
        _ if key.ends_with("arn") => values().all(names_account),
        // The name of a session, behind the colon, is whatever who assumes the role says.
        _ if key == "aws:userid" => !values().any(|text| text.starts_with(['*', '?'])),
        _ => true,
    }
}

/// Whether a pattern begins with more of an organisation's id than `o-`, or leaves it to a variable.
fn names_organization(text: &str) -> bool {
    text.starts_with("${") || text.strip_prefix("o-").is_some_and(|id| !id.is_empty() && !id.starts_with(['*', '?']))
}

/// Whether an ARN with wildcards is of one account: roles of any name can be made in another.
fn names_account(text: &str) -> bool {
    let plain = text.split(['*', '?']).next().unwrap_or_default();
    let mut parts = plain.splitn(6, ':').skip(4);
    match (parts.next(), parts.next()) {
        // Buckets and the like have no account in their ARNs, and names that are nobody else's; what a name begins with may be.
        (Some(""), Some(name)) => plain == text && !name.is_empty() || name.contains('/'),
        (Some(account), _) => account.starts_with("${") || account.len() == 12,
        (None, _) => plain.starts_with("${"),
    }
}
