//! Resources: the one a request names, and the `Resource` and `NotResource` elements.

use std::fmt;
use std::str::FromStr;

use super::document::Kind;
use super::error::{NameError, ResourceProblem};
use super::keys::{KeyName, Keys};
use super::pattern::{ArnPattern, Pattern, Syntax, split_parts};
use super::statement::Effect;
use crate::arn::{AccountId, Arn};

/// Services whose resources are bare names: what precedes a slash or colon in them is no resource type.
const WITHOUT_TYPES: [&str; 5] = ["s3", "execute-api", "sns", "sqs", "codecommit"];

/// How the resources of IAM begin, by type.
pub(super) const IAM_PATHS: [&str; 13] = [
    "user/",
    "federated-user/",
    "role/",
    "group/",
    "instance-profile/",
    "mfa/",
    "server-certificate/",
    "policy/",
    "sms-mfa/",
    "saml-provider/",
    "oidc-provider/",
    "report/",
    "access-report/",
];

/// The resource of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resource {
    /// One resource.
    Arn(Arn),
    /// None in particular: the action has no resources, as `s3:ListAllMyBuckets`. Only `"Resource": "*"` names it.
    All,
}

impl Resource {
    /// The account in the ARN; S3 buckets, among others, do not say theirs.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Arn(arn) => arn.account_id().ok(),
            Self::All => None,
        }
    }
}

impl From<Arn> for Resource {
    fn from(arn: Arn) -> Self {
        Self::Arn(arn)
    }
}

impl FromStr for Resource {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        if text == "*" { Ok(Self::All) } else { text.parse().map(Self::Arn).map_err(NameError::Resource) }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arn(arn) => arn.fmt(f),
            Self::All => f.write_str("*"),
        }
    }
}

/// `Resource` or `NotResource`.
#[derive(Clone, Debug)]
pub(super) struct ResourceElement {
    pub(super) negated: bool,
    pub(super) patterns: Box<[ResourcePattern]>,
}

/// One value of a resource element.
#[derive(Clone, Debug)]
pub(super) enum ResourcePattern {
    /// `*`.
    Anything,
    /// A form that AWS stores and that names no resource, or that may name none where more would be allowed for it.
    Nothing,
    /// The first five parts as plain text with their colons, and the sixth.
    Headed { head: Box<str>, tail: Pattern },
    /// Wildcards, or fewer than six parts.
    Parts(ArnPattern),
    /// What may name nothing, where more must not be allowed for it: read part by part, if that is possible, or as text.
    Doubtful { parts: Option<ArnPattern>, whole: Pattern },
}

/// What a value of an element does for whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Weight {
    /// It lets in: `Resource` with Allow, and what a Deny with `NotResource` spares. In doubt it names nothing.
    Grants,
    /// It keeps out: `Resource` with Deny, and what an Allow with `NotResource` leaves out. In doubt it names all that it
    /// looks like.
    Withholds,
}

impl Weight {
    pub(super) fn of(effect: Effect, negated: bool) -> Self {
        if (effect == Effect::Deny) == negated { Self::Grants } else { Self::Withholds }
    }
}

impl ResourceElement {
    pub(super) fn matches(&self, resource: &Resource, keys: &Keys) -> bool {
        self.patterns.iter().any(|pattern| pattern.matches(resource, keys)) != self.negated
    }

    /// Whether every variable has a value.
    pub(super) fn is_settled(&self, keys: &Keys) -> bool {
        self.texts().all(|text| text.is_settled(keys))
    }

    pub(super) fn texts(&self) -> impl Iterator<Item = &Pattern> {
        self.patterns.iter().flat_map(ResourcePattern::texts)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &KeyName> {
        self.texts().flat_map(Pattern::keys)
    }

    pub(super) fn is_everything(&self) -> bool {
        !self.negated && self.names_all()
    }

    /// Whether `*` is among its values.
    pub(super) fn names_all(&self) -> bool {
        self.patterns.iter().any(|pattern| matches!(pattern, ResourcePattern::Anything))
    }
}

impl ResourcePattern {
    /// Reads one value; the error says what is wrong with it and what it must be.
    pub(super) fn parse(
        text: &str,
        syntax: Syntax,
        kind: Kind,
        (weight, to_save): (Weight, bool),
    ) -> Result<Self, (ResourceProblem, &'static str)> {
        let other = |expected| (ResourceProblem::Syntax, expected);
        let pattern = Pattern::parse(text, syntax).map_err(other)?;
        if pattern.is_anything() {
            return Ok(Self::Anything);
        }
        let parts = split_parts(text, syntax);
        if to_save {
            saved(&parts)?;
        }
        let (&[scheme, _, service], rest) = parts.split_first_chunk().ok_or_else(|| no_service(&parts))?;
        if scheme != "arn" || service.is_empty() {
            return Err(no_service(&parts));
        }
        let first_five = parts.iter().take(5);
        if syntax.variables && first_five.clone().any(|part| part.contains("${")) {
            return Err(other("an ARN with variables in its sixth part only"));
        }
        let wild = |part: &str| part.contains(['*', '?']);
        if wild(service) || rest.get(2).is_some_and(|tail| has_wild_type(service, tail)) {
            return Ok(match weight {
                Weight::Grants => Self::Nothing,
                Weight::Withholds => Self::Doubtful { parts: None, whole: pattern },
            });
        }
        match rest.get(2) {
            Some(tail) if !first_five.clone().any(|part| wild(part)) => {
                let head = text.strip_suffix(tail).unwrap_or_default().into();
                Ok(Self::Headed { head, tail: Pattern::parse(tail, syntax).map_err(other)? })
            }
            Some(_) => ArnPattern::parse(text, syntax).map_err(other).map(|own| match weight {
                Weight::Withholds if !names_account(rest.get(1)) && may_run_on(&parts) => {
                    Self::Doubtful { parts: Some(own), whole: pattern }
                }
                Weight::Withholds | Weight::Grants => Self::Parts(own),
            }),
            None => Self::short(text, syntax, kind).map(|own| match own {
                Self::Parts(own) if weight == Weight::Withholds && text.contains('*') => {
                    Self::Doubtful { parts: Some(own), whole: pattern }
                }
                own => own,
            }),
        }
    }

    /// An ARN that leaves out its last parts means any, where the kind of policy lets it.
    fn short(text: &str, syntax: Syntax, kind: Kind) -> Result<Self, (ResourceProblem, &'static str)> {
        // `arn:aws:s3::bucket` is a bucket with a colon missing, and would name nothing.
        if text.contains("::") {
            return Err((ResourceProblem::Legacy, "an ARN of six parts; a shorter one has no empty parts"));
        }
        let other = |expected| (ResourceProblem::Syntax, expected);
        let open = match kind {
            Kind::Identity | Kind::Boundary | Kind::Session => true,
            Kind::Resource | Kind::Trust => text.contains('*'),
            Kind::ServiceControl | Kind::ResourceControl if text.ends_with('*') => true,
            Kind::ServiceControl | Kind::ResourceControl => {
                return Err(other("an ARN of six parts, or one that ends with *"));
            }
        };
        if open { ArnPattern::parse(text, syntax).map(Self::Parts).map_err(other) } else { Ok(Self::Nothing) }
    }

    fn matches(&self, resource: &Resource, keys: &Keys) -> bool {
        let arn = match (self, resource) {
            (Self::Anything, _) => return true,
            (Self::Nothing, _) | (_, Resource::All) => return false,
            (_, Resource::Arn(arn)) => arn,
        };
        let by_parts = |parts: &ArnPattern| {
            let (service, region) = (arn.service(), arn.region());
            parts.matches(["arn", arn.partition(), service, region, arn.account(), arn.resource()], keys)
        };
        match self {
            Self::Anything | Self::Nothing => false,
            Self::Headed { head, tail } => {
                arn.as_str().strip_prefix(&**head).is_some_and(|rest| tail.matches(rest, keys))
            }
            Self::Parts(parts) => by_parts(parts),
            Self::Doubtful { parts, whole } => {
                parts.as_ref().is_some_and(by_parts) || whole.matches(arn.as_str(), keys)
            }
        }
    }

    fn texts(&self) -> impl Iterator<Item = &Pattern> {
        let (tail, parts) = match self {
            Self::Anything | Self::Nothing => (None, None),
            Self::Headed { tail, .. } => (Some(tail), None),
            Self::Doubtful { whole, .. } => (Some(whole), None),
            Self::Parts(parts) => (None, Some(parts)),
        };
        tail.into_iter().chain(parts.into_iter().flat_map(ArnPattern::parts))
    }
}

/// Whether a wildcard stands in the resource type, `instance` of `instance/i-1`, where it names nothing.
fn has_wild_type(service: &str, tail: &str) -> bool {
    let end = tail.find("${").unwrap_or(tail.len());
    let plain = tail.get(..end).unwrap_or_default();
    let typed = plain.find(['/', ':']).and_then(|separator| plain.get(..separator));
    typed.is_some_and(|typed| typed.contains(['*', '?'])) && !WITHOUT_TYPES.contains(&service)
}

/// Whether a fifth part can be an account; `secret` of `arn:aws:secretsmanager:*:secret:a` is a type, and a part is missing.
fn names_account(part: Option<&&str>) -> bool {
    part.is_none_or(|part| {
        part.is_empty() || part.contains(['*', '?']) || *part == "aws" || part.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Whether a `*` ends a part before the last, where the guide lets it reach over the colons that follow: what is short of
/// parts may be whole then.
fn may_run_on(parts: &[&str]) -> bool {
    parts.split_last().is_some_and(|(_, before)| before.iter().any(|part| part.ends_with('*')))
}

/// Why parts that name no service are no resource.
fn no_service(parts: &[&str]) -> (ResourceProblem, &'static str) {
    let problem = match *parts {
        [_] | [] => ResourceProblem::Form,
        [_, partition, ..] if !is_partition(partition) => ResourceProblem::Partition,
        [_, _] => ResourceProblem::Service,
        [_, _, "", ..] => ResourceProblem::Legacy,
        _ => ResourceProblem::Form,
    };
    (problem, "* or an ARN that names a service")
}

/// Holds the parts of an ARN to what IAM knows of some services before it saves a policy.
fn saved(parts: &[&str]) -> Result<(), (ResourceProblem, &'static str)> {
    let plain = |part: &str| !part.is_empty() && !part.contains(['*', '?']);
    match *parts {
        [_, partition, ..] if !is_partition(partition) => {
            Err((ResourceProblem::Partition, "an ARN of a partition, such as aws"))
        }
        [_, _, "iam", region, ..] if plain(region) => {
            Err((ResourceProblem::Region, "an ARN without a region, as IAM is in all of them"))
        }
        [_, _, "s3", region, "", tail] if plain(region) && !tail.starts_with("accesspoint/") => {
            Err((ResourceProblem::Region, "an ARN without a region, as bucket names are of all of them"))
        }
        [_, _, "iam", _, _, tail]
            if !["*", "root"].contains(&tail) && !IAM_PATHS.iter().any(|p| tail.starts_with(p)) =>
        {
            Err((ResourceProblem::Path, "an ARN of a type that IAM has, such as role/"))
        }
        _ => Ok(()),
    }
}

fn is_partition(text: &str) -> bool {
    const PARTITIONS: [&str; 8] =
        ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"];
    text.contains(['*', '?']) || PARTITIONS.contains(&text)
}
