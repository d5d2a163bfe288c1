//! The arguments of `daypass assume explain`.

use std::path::PathBuf;

use clap::Args;
use daypass::time::Timestamp;

use crate::input::parse_instant;

const EXPLAIN: &str = "\
Example:
  daypass assume explain --role-arn arn:aws:iam::222222222222:role/partner --trust-policy partner.json \\
    --caller arn:aws:iam::111111111111:user/ada --identity-policy ada.json --external-id customer-7

The caller is a user, the session of a role (arn:aws:sts::<account>:assumed-role/<role>/<session>), the root user of an
account, or a SAML or OpenID provider, whose word about a person or workload is given as condition keys:
  --caller arn:aws:iam::222222222222:oidc-provider/token.actions.githubusercontent.com \\
    --context token.actions.githubusercontent.com:sub=repo:octo-org/octo-repo:ref:refs/heads/main

Credentials, assertions and MFA codes are taken to be good; what is judged is what policies and limits say. What a request
says of its caller is told by flags (--caller, --caller-id, --principal-tag, --mfa) and not believed in --context; of a
provider only its own keys are, and sts:RoleAuthorizedByIdp. A flag that says nothing of this kind of caller is refused.
The ARN of a role's session leaves out the role's path: policies name it by any, but aws:PrincipalArn has none then, so
that conditions about a role with a path are not judged by this.";

#[derive(Args, Debug)]
#[command(after_help = EXPLAIN)]
pub(crate) struct Explain {
    /// The role that is asked for
    #[arg(long, value_name = "ARN")]
    pub(super) role_arn: String,
    /// Its trust policy
    #[arg(long, value_name = "FILE")]
    pub(super) trust_policy: PathBuf,
    /// A tag of the role (several are possible)
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) role_tag: Vec<String>,
    /// How long its sessions may last, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub(super) max_session_duration: u64,
    /// Who asks
    #[arg(long, value_name = "ARN")]
    pub(super) caller: String,
    /// The unique id of the user, or of the role whose session asks (AIDA… or AROA…)
    #[arg(long, value_name = "ID", default_value = "")]
    pub(super) caller_id: String,
    /// A tag of the caller (several are possible)
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) principal_tag: Vec<String>,
    /// A tag of the calling session that goes down the chain (several are possible)
    #[arg(long, value_name = "KEY")]
    pub(super) inherited_tag_key: Vec<String>,
    /// The source identity of the calling session
    #[arg(long, value_name = "NAME")]
    pub(super) caller_source_identity: Option<String>,
    /// A policy of the caller (several are possible)
    #[arg(long, value_name = "FILE")]
    pub(super) identity_policy: Vec<PathBuf>,
    /// The permissions boundary of the caller
    #[arg(long, alias = "permissions-boundary", value_name = "FILE")]
    pub(super) permission_boundary: Vec<PathBuf>,
    /// A policy given to the calling session (several are possible)
    #[arg(long, value_name = "FILE")]
    pub(super) session_policy: Vec<PathBuf>,
    /// A service control policy of the caller's account and the level it is attached to (several are possible)
    #[arg(long, value_name = "LEVEL=FILE")]
    pub(super) scp: Vec<String>,
    /// A resource control policy of the role's account and the level it is attached to (several are possible)
    #[arg(long, value_name = "LEVEL=FILE")]
    pub(super) rcp: Vec<String>,
    /// RoleSessionName
    #[arg(long, value_name = "NAME", default_value = "session")]
    pub(super) role_session_name: String,
    /// ExternalId
    #[arg(long, value_name = "TEXT")]
    pub(super) external_id: Option<String>,
    /// SourceIdentity
    #[arg(long, value_name = "NAME")]
    pub(super) source_identity: Option<String>,
    /// A tag for the session (several are possible)
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) tag: Vec<String>,
    /// A tag for the session that goes down the chain (several are possible)
    #[arg(long, value_name = "KEY")]
    pub(super) transitive_tag_key: Vec<String>,
    /// DurationSeconds
    #[arg(long, value_name = "SECONDS")]
    pub(super) duration: Option<u64>,
    /// The caller gives a code of an MFA device, or signed in with one
    #[arg(long)]
    pub(super) mfa: bool,
    /// A condition key with one value (several are possible)
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) context: Vec<String>,
    /// One more value of a multivalued condition key (several are possible)
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) context_list: Vec<String>,
    /// The instant to judge at, such as 2026-01-31T12:00:00Z; now where it is left out
    #[arg(long, value_name = "INSTANT", value_parser = parse_instant)]
    pub(super) now: Option<Timestamp>,
    /// Answer in JSON
    #[arg(long)]
    pub(super) json: bool,
}
