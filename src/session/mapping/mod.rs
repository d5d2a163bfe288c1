//! What an identity provider sends, as roles: a mapping document for providers that send plain groups and attributes.
//!
//! Enters: a [`VerifiedIdentity`] and a document that an operator wrote. Leaves: a [`FederationRequest`], as if the provider
//! had sent the attributes that the cloud defines. Refused: a document that does not say one thing, and an identity whose
//! attributes are missing, ambiguous or of another form than the document needs. SAML attributes and the claims of an ID
//! token are one to it.
//!
//! # The document
//!
//! ```
//! use daypass::session::Mapping;
//!
//! let mapping: Mapping = r#"{
//!   "version": 1,
//!   "rules": [
//!     { "name": "readers",
//!       "when": { "attribute": "groups", "any_of": ["Developers", "Support"] },
//!       "roles": "arn:aws:iam::111111111111:role/PhotoReader" },
//!     { "name": "by name",
//!       "when": { "attribute": "groups", "captures": "aws#*#{role}#{account}" },
//!       "roles": "arn:aws:iam::{account}:role/{role}",
//!       "session_duration": 3600 }
//!   ],
//!   "session_name": { "from": ["email", "$subject"], "transform": "local_part" },
//!   "tags": { "Department": { "from": "department", "optional": true } },
//!   "transitive_tags": ["Department"]
//! }"#.parse()?;
//! assert!(mapping.findings().is_empty());
//! # Ok::<(), daypass::session::MappingDocumentError>(())
//! ```
//!
//! | field | holds |
//! |---|---|
//! | `version` | `1` |
//! | `rules` | in any order; **every** rule that applies gives its roles, and a person for whom none does gets none |
//! | `rules[].when` | one condition or a list of them that must all hold |
//! | `rules[].roles` | role ARNs, in which the account may be `{account}` and the name hold `{role}` |
//! | `rules[].session_duration` | seconds, for the roles of this rule; where several rules give one role, the shortest |
//! | `session_name`, `source_identity` | `from` the first of these attributes that has a value, after its `transform`s |
//! | `session_duration` | seconds, or `from` an attribute; for roles whose rules state none. Both hold where the caller asks for no length of its own; the limit is the role's |
//! | `tags` | by key: a text, or `from` an attribute |
//! | `transitive_tags` | keys of `tags` that are carried into further roles |
//! | `separators` | by attribute: what stands between the values of a provider that joins them into one |
//! | `aws_attributes` | `ignore` (as without it) or `merge`: what the attributes `https://aws.amazon.com/…` count for |
//!
//! A condition names an `attribute` and asks one thing of it: `any_of` and `all_of` (whole values), `matches` (`*` stands
//! for any text) or `captures` (`*`, `{account}` and `{role}` each stand for one segment: text up to the next character of
//! the pattern). There are no regular expressions. Values are compared as they are, case included; with
//! `"ignore_case": true` ASCII letters count as equal in either case, as in Active Directory. An attribute that is absent
//! holds no value, so the condition does not hold.
//!
//! An attribute is named by its SAML Name or as a claim. `$subject` is the NameID or `sub`. `$friendly:isMemberOf` is a
//! SAML attribute by its FriendlyName, which is for people and names nothing for certain (saml-core 2.7.3.1): it has to be
//! asked for in that word. `$claim:/realm_access/roles` is a claim inside of objects, by its JSON pointer (RFC 6901).
//!
//! A value must be there, and be one; `"optional": true` lets a session go without. `transform` is one of, or a list of,
//! `local_part` (before the `@`), `account_name` (after the `\`) and `lower_case`.
//!
//! # Who decides what
//!
//! All rules count rather than the first: whoever adds a rule takes nothing from anyone, and a person in two groups has
//! the roles of both, as with the attribute `Role`. Giving a role is not assuming it: the role's trust policy decides
//! afterwards, whatever the mapping says (`trust policy` comes after `role listed by provider` in
//! [`RULES`](crate::session::RULES)), and must name the provider the identity came from. A mapping narrows: for an OpenID
//! provider, of which any role may otherwise be asked, the mapping's roles become the only ones.
//!
//! With `"aws_attributes": "ignore"` what the provider says in the cloud's own attributes counts for nothing: the people who
//! may edit attributes at a provider are often more than those who may edit this document. Only the claim that pins a token to
//! roles counts always, since it takes and never gives. With `merge` roles of both count, and for everything else the
//! document's value where it has one.

mod condition;
mod document;
mod error;
mod findings;
mod node;
mod pattern;
mod report;
mod role;
mod source;
#[cfg(test)]
mod tests;
mod value;

pub use error::{MappingDocumentError, MappingError};
pub use findings::Finding;
pub use report::{MappedValue, MappingReport, RuleReport};

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::time::Duration;

use super::federation::MAX_ROLES;
use super::{FederationRequest, RolePair, SessionError, Tags};
use crate::VerifiedIdentity;
use crate::arn::Arn;
use crate::identity::ProviderName;
use crate::json::Position;
use condition::{Condition, Held};
use report::Trail;
use role::RoleTemplate;
use source::{Source, Sources};
use value::{Found, ValueOf};

/// What the attributes of one identity provider mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    cloud: CloudAttributes,
    separators: BTreeMap<Source, String>,
    rules: Vec<Rule>,
    session_name: Option<ValueOf>,
    source_identity: Option<ValueOf>,
    session_duration: Option<Length>,
    tags: BTreeMap<String, Tag>,
    transitive_tags: Vec<String>,
}

/// What the attributes `https://aws.amazon.com/…` count for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CloudAttributes {
    Ignored,
    Merged,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    name: String,
    at: Position,
    when: Vec<Condition>,
    roles: Vec<RoleTemplate>,
    session_duration: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Length {
    Always(Duration),
    Of(ValueOf),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Tag {
    Always(String),
    Of(ValueOf),
}

impl FromStr for Mapping {
    type Err = MappingDocumentError;

    fn from_str(text: &str) -> Result<Self, MappingDocumentError> {
        Self::parse(text)
    }
}

impl Mapping {
    /// Reads a document of at most 256 KiB.
    ///
    /// # Errors
    /// [`MappingDocumentError`] with the place and the field that is wrong.
    pub fn parse(text: &str) -> Result<Self, MappingDocumentError> {
        document::read(text)
    }

    /// What `identity` is to become.
    ///
    /// # Errors
    /// [`SessionError::Mapping`] when an attribute is missing, ambiguous or of another form; what
    /// [`FederationRequest::read`] refuses, where the cloud's attributes count.
    pub fn apply(&self, identity: &VerifiedIdentity) -> Result<FederationRequest, SessionError> {
        self.run(identity, &mut Trail::default())
    }

    /// As [`Mapping::apply`], with what became of every rule and where every value came from.
    #[must_use]
    pub fn explain(&self, identity: &VerifiedIdentity) -> MappingReport {
        let mut trail = Trail::kept();
        let request = self.run(identity, &mut trail);
        trail.report(request)
    }

    fn run<'a>(&'a self, identity: &'a VerifiedIdentity, trail: &mut Trail) -> Result<FederationRequest, SessionError> {
        let sources = Sources::new(identity, &self.separators);
        let cloud = match self.cloud {
            CloudAttributes::Ignored => FederationRequest::pinned_only(identity)?,
            CloudAttributes::Merged => FederationRequest::read(identity)?,
        };
        let mut roles = self.roles(&sources, trail)?;
        roles.extend(cloud.roles.iter().flatten().cloned());
        if roles.len() > MAX_ROLES {
            return Err(MappingError::TooManyRoles { limit: MAX_ROLES }.into());
        }
        let session_name = self.value(self.session_name.as_ref(), "session_name", &sources, trail)?;
        let session_name = session_name.map(|found| found.parse("session_name", NAME)).transpose()?;
        let source_identity = self.value(self.source_identity.as_ref(), "source_identity", &sources, trail)?;
        let source_identity = source_identity.map(|found| found.parse("source_identity", NAME)).transpose()?;
        Ok(FederationRequest {
            roles: Some(roles),
            pinned_roles: cloud.pinned_roles,
            role_session_name: session_name.or(cloud.role_session_name),
            session_duration: self.length(&sources, trail)?.or(cloud.session_duration),
            source_identity: source_identity.or(cloud.source_identity),
            tags: self.all_tags(&cloud.tags, &sources, trail)?,
        })
    }

    /// The roles of every rule that applies, each once, to be assumed through the provider the identity came from.
    fn roles<'a>(&'a self, sources: &Sources<'a>, trail: &mut Trail) -> Result<Vec<RolePair>, MappingError> {
        let provider = sources.identity.provider();
        let mut pairs: Vec<RolePair> = Vec::new();
        for rule in &self.rules {
            let given = rule.evaluate(sources, trail)?;
            for role in given {
                match pairs.iter_mut().find(|pair| pair.role == role) {
                    Some(pair) => pair.session_duration = shorter(pair.session_duration, rule.session_duration),
                    None => pairs.extend(rule.pair(role, provider)),
                }
                if pairs.len() > MAX_ROLES {
                    return Err(MappingError::TooManyRoles { limit: MAX_ROLES });
                }
            }
        }
        Ok(pairs)
    }

    fn value<'m>(
        &self,
        of: Option<&'m ValueOf>,
        target: &str,
        sources: &Sources<'m>,
        trail: &mut Trail,
    ) -> Result<Option<Found<'m>>, MappingError> {
        let Some(of) = of else { return Ok(None) };
        let found = of.find(target, sources)?;
        if let Some(found) = &found {
            trail.value(target, &found.source, &found.text);
        }
        Ok(found)
    }

    fn length<'a>(&'a self, sources: &Sources<'a>, trail: &mut Trail) -> Result<Option<Duration>, MappingError> {
        const TARGET: &str = "session_duration";
        match &self.session_duration {
            None => Ok(None),
            Some(Length::Always(duration)) => {
                trail.value(TARGET, &"the document", &duration.as_secs().to_string());
                Ok(Some(*duration))
            }
            Some(Length::Of(of)) => {
                self.value(Some(of), TARGET, sources, trail)?.map(|found| found.duration(TARGET)).transpose()
            }
        }
    }

    fn all_tags<'a>(&'a self, cloud: &Tags, sources: &Sources<'a>, trail: &mut Trail) -> Result<Tags, SessionError> {
        let mut values = cloud.values().clone();
        let own = |key: &str| self.tags.keys().any(|own| own.to_lowercase() == key.to_lowercase());
        values.retain(|key, _| !own(key));
        let mut transitive = self.transitive_tags.clone();
        transitive.extend(cloud.transitive().iter().filter(|key| !own(key)).cloned());
        for (key, tag) in &self.tags {
            let target = format!("tags[{key:?}]");
            let value = match tag {
                Tag::Always(constant) => {
                    trail.value(&target, &"the document", constant);
                    constant.clone()
                }
                Tag::Of(of) => match self.value(Some(of), &target, sources, trail)? {
                    Some(found) => one_tag(key, &found, &target)?,
                    None => continue,
                },
            };
            values.insert(key.clone(), value);
        }
        transitive.retain(|key| values.contains_key(key));
        Tags::new(values, transitive)
    }
}

const NAME: &str = "2 to 64 characters of [\\w+=,.@-]";

/// The value of one tag, so that a refusal can name the attribute.
fn one_tag(key: &str, found: &Found<'_>, target: &str) -> Result<String, MappingError> {
    match Tags::new([(key.to_owned(), found.text.clone())].into(), Vec::new()) {
        Err(SessionError::Tag { rule }) => Err(found.refused(target, rule)),
        _ => Ok(found.text.clone()),
    }
}

fn shorter(one: Option<Duration>, other: Option<Duration>) -> Option<Duration> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        _ => one.or(other),
    }
}

impl Rule {
    /// The roles it gives.
    fn evaluate<'a>(&'a self, sources: &Sources<'a>, trail: &mut Trail) -> Result<Vec<Arn>, MappingError> {
        let mut captured = Vec::new();
        for condition in &self.when {
            match condition.evaluate(sources)? {
                Held::Yes(captures) => captured.extend(captures),
                Held::No(values) => {
                    trail.rule(|| RuleReport::missed(self, condition, values.as_slice(), sources.identity));
                    return Ok(Vec::new());
                }
            }
        }
        if captured.is_empty() {
            // No condition captures: the roles have no places to fill.
            captured.push(pattern::Captured::default());
        }
        let mut roles = BTreeSet::new();
        for role in captured.iter().flat_map(|one| self.roles.iter().filter_map(|template| template.fill(*one))) {
            roles.insert(role);
            if roles.len() > MAX_ROLES {
                return Err(MappingError::TooManyRoles { limit: MAX_ROLES });
            }
        }
        let roles: Vec<Arn> = roles.into_iter().collect();
        trail.rule(|| RuleReport::applied(self, &roles));
        Ok(roles)
    }

    fn pair(&self, role: Arn, provider: &ProviderName) -> Option<RolePair> {
        // Every template is the ARN of a role in an account.
        let account = role.account_id().ok()?;
        let provider = provider.arn(&account);
        Some(RolePair { role, provider, session_duration: self.session_duration })
    }
}

impl Condition {
    const fn captures(&self) -> Option<&pattern::Captures> {
        match &self.test {
            condition::Test::Captures(captures) => Some(captures),
            condition::Test::AnyOf(_) | condition::Test::AllOf(_) | condition::Test::Matches(_) => None,
        }
    }
}
