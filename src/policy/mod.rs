//! The AWS IAM policy language: documents, condition keys, and decisions over every kind of policy.
//!
//! Enters: policy documents as text, compiled once by [`Policy::parse`], and a [`Request`]. Leaves: an [`Evaluation`]
//! that names the statement that decided and can [explain](Evaluation::explain) the rest. Refused at parse, with line
//! and column: unknown elements and operators, keys given twice, values an operator cannot compare, and elements that
//! the [`Kind`] of policy does not have. What cannot be evaluated denies.
//!
//! Where the guide leaves room in how actions and resources are named, the reading is the one that grants less. A wildcard in
//! the service of an action or ARN, or in a resource type, and a `*` that would have to reach over a colon where parts are missing,
//! name nothing where that allows less, and all that they look like where that does: in a denial, and in what an allowance
//! leaves out. `NotResource` with a variable that has no value allows nothing.
//!
//! A condition is the same in both effects: a multivalued key is compared through set operators only, and a condition that
//! compares it without one never holds, of a denial neither; the [linter](lint) names the keys that are known to be
//! multivalued. Rules of single services (reserved roles, AWS managed policies, endpoint policies) are not part of the
//! language and not here.
//!
//! ```
//! use daypass::policy::{Action, Keys, Kind, Layers, Outcome, Policy, Principal, Request, Resource, evaluate};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let own_folder = r#"{"Version": "2012-10-17", "Statement": {"Sid": "OwnFolder", "Effect": "Allow",
//!     "Action": "s3:GetObject", "Resource": "arn:aws:s3:::photos/${aws:PrincipalTag/team}/*"}}"#;
//! let identity = [Policy::parse(own_folder, Kind::Identity)?.named("own-folder")];
//!
//! let principal = Principal::from_arn("arn:aws:iam::111111111111:role/reader".parse()?)?;
//! let keys = Keys::new().with("aws:PrincipalTag/team", "cats");
//! let read: Action = "s3:GetObject".parse()?;
//! let mine: Resource = "arn:aws:s3:::photos/cats/1.svg".parse()?;
//! let theirs: Resource = "arn:aws:s3:::photos/dogs/1.svg".parse()?;
//!
//! let layers = Layers::new(&identity);
//! assert_eq!(evaluate(&layers, &Request::new(&principal, &read, &mine, &keys)).outcome(), Outcome::Allow);
//! let denied = evaluate(&layers, &Request::new(&principal, &read, &theirs, &keys));
//! assert_eq!(denied.explain().reason, "statement OwnFolder of own-folder allows s3:GetObject, \
//!     but not on arn:aws:s3:::photos/dogs/1.svg; only on \"arn:aws:s3:::photos/${aws:PrincipalTag/team}/*\", \
//!     where aws:PrincipalTag/team is \"cats\"");
//! # Ok(()) }
//! ```

mod action;
mod condition;
mod document;
mod error;
mod evaluate;
mod explain;
mod index;
mod keys;
mod kinds;
mod layers;
mod limits;
pub mod lint;
mod named;
mod parse;
mod pattern;
mod principal;
mod providers;
mod request;
mod resource;
mod search;
mod sentence;
mod shape;
mod shared;
mod statement;
mod steps;
mod trusted;
mod variable;

pub use action::Action;
pub(crate) use document::Reading;
pub use document::{Kind, Policy};
pub use error::{NameError, PolicyError, ResourceProblem};
pub use evaluate::{Evaluation, MatchedStatement, Outcome, evaluate, evaluate_trust};
pub use explain::{ConditionReport, Explanation, KeyReport, LayerReport, NearMiss, Part, SilentLayer, StatementReport};
pub use keys::Keys;
pub use kinds::{PermissionsPolicy, ResourcePolicy, TrustPolicy};
pub use layers::{Layer, Layers, Level};
pub use limits::{Limits, MAX_DOCUMENT_CHARACTERS};
pub use principal::{Grant, Principal};
pub use request::Request;
pub use resource::Resource;
pub use shared::SharedPolicies;
pub use statement::Effect;

pub use crate::json::{JsonError, Position};
