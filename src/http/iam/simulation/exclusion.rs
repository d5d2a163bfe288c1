//! `PolicyExclusionList`: policies of a principal that a simulation does without.

use crate::arn::Arn;
use crate::http::query::{Query, QueryError};
use crate::iam::{Entity, PolicySource, SourcedPolicy};

const LIST: &str = "PolicyExclusionList";
const MAX_IDENTIFIERS: usize = 256;
const MAX_NAME: usize = 128;

/// What is left out of one simulation.
#[derive(Default)]
pub(super) struct Exclusions(Vec<Exclusion>);

enum Exclusion {
    Inline,
    AwsManaged,
    UserManaged,
    Boundary,
    ServiceControl,
    /// Resource control policies, which always have their say.
    None,
    /// Managed policies whose ARNs are like this.
    Managed(String),
    /// The inline policy of this name of those who are called like this.
    InlineOf {
        policy: String,
        entity: Entity,
        holder: String,
    },
}

impl Exclusions {
    pub(super) fn read(query: &Query) -> Result<Self, QueryError> {
        let places = query.structures(LIST)?;
        if places.len() > MAX_IDENTIFIERS {
            return Err(QueryError::new(
                "InvalidInput",
                format!("{LIST}: at most {MAX_IDENTIFIERS} policies can be named"),
            ));
        }
        places.iter().map(|place| Exclusion::read(query, place)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether an identity policy has a say.
    pub(super) fn spare(&self, sourced: &SourcedPolicy) -> bool {
        !self.0.iter().any(|exclusion| exclusion.names(&sourced.source))
    }

    pub(super) fn spare_boundary(&self) -> bool {
        !self.0.iter().any(|exclusion| matches!(exclusion, Exclusion::Boundary))
    }

    pub(super) fn spare_service_control(&self) -> bool {
        !self.0.iter().any(|exclusion| matches!(exclusion, Exclusion::ServiceControl))
    }
}

impl Exclusion {
    /// One identifier: a kind, an ARN, or a name with whose it is.
    fn read(query: &Query, place: &str) -> Result<Self, QueryError> {
        let field = |name: &str| query.value(&format!("{place}.{name}"));
        let inline = |name: &str| query.value(&format!("{place}.InlinePolicyIdentifier.{name}"));
        let inline = [inline("PolicyName"), inline("AttachmentType"), inline("AttachmentName")];
        match (field("PolicyType"), field("PolicyArn"), inline) {
            (Some(kind), None, [None, None, None]) => Self::of_kind(kind),
            (None, Some(arn), [None, None, None]) => Self::of_arn(arn),
            (None, None, [Some(policy), Some(kind), Some(name)]) => Self::inline(policy, kind, name),
            _ => None,
        }
        .ok_or_else(|| {
            let rule = "expected one of PolicyType, PolicyArn and a whole InlinePolicyIdentifier, each of its form";
            QueryError::new("InvalidInput", format!("{place}: {rule}"))
        })
    }

    fn of_kind(kind: &str) -> Option<Self> {
        Some(match kind {
            "inline" => Self::Inline,
            "aws-managed" => Self::AwsManaged,
            "user-managed" => Self::UserManaged,
            "permission-boundary" => Self::Boundary,
            "scp" => Self::ServiceControl,
            "rcp" => Self::None,
            _ => return None,
        })
    }

    fn of_arn(text: &str) -> Option<Self> {
        let arn = text.parse::<Arn>().ok().filter(|arn| (20..=2048).contains(&arn.as_str().len()))?;
        let name = arn.resource().strip_prefix("policy/").filter(|_| arn.service() == "iam")?;
        let wild = |text: &str| text.matches(['*', '?']).count();
        let plain = wild(text) == wild(name) && name.matches('*').count() <= 1;
        plain.then(|| Self::Managed(text.to_owned()))
    }

    fn inline(policy: &str, kind: &str, holder: &str) -> Option<Self> {
        let entity = match kind {
            "user" => Entity::User,
            "group" => Entity::Group,
            "role" => Entity::Role,
            _ => return None,
        };
        let short = [policy, holder].iter().all(|name| (1..=MAX_NAME).contains(&name.len()));
        let plain = short && holder.matches('*').count() <= 1;
        // Names of users, groups and roles have no case.
        plain.then(|| Self::InlineOf { policy: policy.to_owned(), entity, holder: holder.to_ascii_lowercase() })
    }

    fn names(&self, source: &PolicySource) -> bool {
        match (self, source) {
            (Self::Inline, PolicySource::Inline { .. }) => true,
            (Self::AwsManaged, PolicySource::Managed { arn, .. }) => arn.account() == "aws",
            (Self::UserManaged, PolicySource::Managed { arn, .. }) => arn.account() != "aws",
            (Self::Managed(pattern), PolicySource::Managed { arn, .. }) => is_like(pattern, arn.as_str()),
            (Self::InlineOf { policy, entity, holder }, PolicySource::Inline { holder: own, name }) => {
                policy == name && *entity == own.entity() && is_like(holder, &own.name().to_ascii_lowercase())
            }
            _ => false,
        }
    }
}

/// Whether `text` is like `pattern`, in which one `*` stands for any characters and each `?` for one.
fn is_like(pattern: &str, text: &str) -> bool {
    let same = |pattern: &str, text: &[char]| {
        pattern.chars().count() == text.len()
            && pattern.chars().zip(text).all(|(wanted, found)| wanted == '?' || wanted == *found)
    };
    let text: Vec<char> = text.chars().collect();
    let Some((start, end)) = pattern.split_once('*') else { return same(pattern, &text) };
    let (head, tail) = (start.chars().count(), end.chars().count());
    let rest = text.len().checked_sub(tail).filter(|rest| *rest >= head);
    let parts = rest.and_then(|rest| Some((text.get(..head)?, text.get(rest..)?)));
    parts.is_some_and(|(first, last)| same(start, first) && same(end, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_star_stands_for_any_characters_and_a_question_mark_for_one() {
        for (pattern, text, expected) in [
            ("ab", "ab", true),
            ("ab", "abc", false),
            ("a?", "ab", true),
            ("a?", "a", false),
            ("*", "", true),
            ("a*c", "ac", true),
            ("a*c", "abbc", true),
            ("ab*ba", "aba", false),
            ("?*?", "a", false),
            ("?*?", "ab", true),
        ] {
            assert_eq!(is_like(pattern, text), expected, "{pattern} {text}");
        }
    }
}
