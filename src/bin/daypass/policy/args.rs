//! The arguments of `daypass policy evaluate` and `daypass policy check`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use daypass::policy::Kind;

const EVALUATE: &str = "\
Example:
  daypass policy evaluate --principal arn:aws:iam::111111111111:role/reader --action s3:GetObject \\
    --resource arn:aws:s3:::photos/cat.svg --context aws:PrincipalTag/team=cats --identity-policy reader.json

A batch reads one JSON object a line: id, request {principal, principal_type, action, resource, resource_account,
context}, identity_policies, resource_policy or trust_policy, permission_boundaries, session_policies, scps and rcps (lists
of {level, policies}). It writes one a line in the same order: id as it was written, decision, statement (the one that
decided, or null). Whatever a case does not have is left out. In context a text is a key with one value and a list a
multivalued key; nothing is added to it, so that a policy about aws:PrincipalArn wants that key there too, and
one that names a principal by its unique id wants aws:userid. An empty list of policies is none at all, except within a level.
How long documents may be is asked by `daypass policy check`, not here.

A case with a policy that cannot be read is denied, with the place in `error`. A line that cannot be used is denied likewise,
and the exit code is then 2: one that is not JSON or gives a field twice, one with another field in its request or in a level,
or with one beside them whose name is a slip of those above or speaks of policies or conditions. Any other field beside them,
such as a comment, is passed over.";

const CHECK: &str = "\
Example:
  daypass policy check --kind trust --strict role.json

A document is read as whoever saves it reads it: CreateRole and UpdateAssumeRolePolicy hold trust policies to more than what
is evaluated (principals that are somebody, actions by which a role is assumed, conditions on providers that everybody
shares), PutRolePolicy and CreatePolicy hold resources of IAM and S3 to their forms, and boundaries and resource control
policies are of version 2012-10-17. With --evaluated it is read as what was saved before is: as `daypass policy evaluate` reads
it, but for its size. Other kinds of policies are read alike in both ways.

A valid document is read once more for what a reviewer would point at: wildcards in trust, missing sub and aud conditions,
statements that never apply. Each finding has its place, how much it weighs (risky, error-prone, unused, or note for what is
sound where something outside of the document holds), what is wrong, and what to write instead.";

#[derive(Args, Debug)]
#[command(after_help = EVALUATE)]
pub(crate) struct Evaluate {
    /// The lines of a batch; `-` or nothing for standard input
    #[arg(value_name = "FILE", requires = "batch")]
    pub(super) input: Option<PathBuf>,
    /// Who asks: an ARN, an account id for its root, a service, a canonical user id; not needed for anonymous
    #[arg(long, value_name = "NAME", conflicts_with = "batch")]
    pub(super) principal: Option<String>,
    /// What kind of principal that is
    #[arg(long, value_name = "TYPE", value_enum, conflicts_with = "batch")]
    pub(super) principal_type: Option<PrincipalType>,
    /// What is asked for, such as s3:GetObject
    #[arg(long, value_name = "ACTION", required_unless_present = "batch", conflicts_with = "batch")]
    pub(super) action: Option<String>,
    /// What it is asked of: an ARN, or * for nothing in particular
    #[arg(long, value_name = "ARN", default_value = "*")]
    pub(super) resource: String,
    /// The account the resource is in, where its ARN does not say
    #[arg(long, value_name = "ACCOUNT", conflicts_with = "batch")]
    pub(super) resource_account: Option<String>,
    /// A condition key with one value (several are possible)
    #[arg(long, value_name = "KEY=VALUE", conflicts_with = "batch")]
    pub(super) context: Vec<String>,
    /// One more value of a multivalued condition key (several are possible)
    #[arg(long, value_name = "KEY=VALUE", conflicts_with = "batch")]
    pub(super) context_list: Vec<String>,
    /// A policy of the principal (several are possible)
    #[arg(long, value_name = "FILE", conflicts_with = "batch")]
    pub(super) identity_policy: Vec<PathBuf>,
    /// The policy of the resource
    #[arg(long, value_name = "FILE", conflicts_with_all = ["trust_policy", "batch"])]
    pub(super) resource_policy: Option<PathBuf>,
    /// The trust policy of the role that is to be assumed
    #[arg(long, value_name = "FILE", conflicts_with = "batch")]
    pub(super) trust_policy: Option<PathBuf>,
    /// The permissions boundary of the principal
    #[arg(long, alias = "permissions-boundary", value_name = "FILE", conflicts_with = "batch")]
    pub(super) permission_boundary: Vec<PathBuf>,
    /// A policy given to the session (several are possible)
    #[arg(long, value_name = "FILE", conflicts_with = "batch")]
    pub(super) session_policy: Vec<PathBuf>,
    /// A service control policy and the level it is attached to (several are possible)
    #[arg(long, value_name = "LEVEL=FILE", conflicts_with = "batch")]
    pub(super) scp: Vec<String>,
    /// A resource control policy and the level it is attached to (several are possible)
    #[arg(long, value_name = "LEVEL=FILE", conflicts_with = "batch")]
    pub(super) rcp: Vec<String>,
    /// Answer in JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Decide JSON lines
    #[arg(long)]
    pub(super) batch: bool,
    /// Add the whole explanation to each answer of a batch; a single answer always has it
    #[arg(long)]
    pub(super) explain: bool,
}

/// What kind of principal a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum PrincipalType {
    /// A user, role, session or account root
    Aws,
    /// A service, such as s3.amazonaws.com
    Service,
    /// A SAML or OpenID provider's people and workloads
    Federated,
    /// An account by its canonical user id
    Canonical,
    /// Someone who did not sign
    Anonymous,
}

#[derive(Args, Debug)]
#[command(after_help = CHECK)]
pub(crate) struct Check {
    /// The documents; `-` or nothing for standard input
    #[arg(value_name = "FILE")]
    pub(super) inputs: Vec<PathBuf>,
    /// What the documents are attached to
    #[arg(long, value_name = "KIND", value_enum)]
    pub(super) kind: KindName,
    /// The most characters a document may have, where that is not the default of its kind: 6144 for managed policies,
    /// 2048 for inline policies of a user, 5120 for those of a group
    #[arg(long, value_name = "CHARACTERS")]
    pub(super) limit: Option<usize>,
    /// Hold the documents to what is evaluated, and not to what is saved
    #[arg(long)]
    pub(super) evaluated: bool,
    /// Answer no, with exit code 1, when there are findings other than notes
    #[arg(long)]
    pub(super) strict: bool,
    /// Answer in JSON, one object a line
    #[arg(long)]
    pub(super) json: bool,
}

/// A kind of policy by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum KindName {
    /// Of a user, group or role
    Identity,
    /// Who may assume a role
    Trust,
    /// Of a resource, such as a bucket
    Resource,
    /// A permissions boundary
    Boundary,
    /// Given when a role is assumed
    Session,
    /// Of an organisation, for its principals
    #[value(alias = "scp")]
    ServiceControl,
    /// Of an organisation, for its resources
    #[value(alias = "rcp")]
    ResourceControl,
}

impl From<KindName> for Kind {
    fn from(name: KindName) -> Self {
        match name {
            KindName::Identity => Self::Identity,
            KindName::Trust => Self::Trust,
            KindName::Resource => Self::Resource,
            KindName::Boundary => Self::Boundary,
            KindName::Session => Self::Session,
            KindName::ServiceControl => Self::ServiceControl,
            KindName::ResourceControl => Self::ResourceControl,
        }
    }
}
