//! Identity and Access Management over HTTP, signed by the AWS SDK's own signer.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "the lints know test functions, not the helpers beside them"
)]

#[path = "common/caller.rs"]
mod caller;
#[path = "common/issuer.rs"]
mod issuer;

#[path = "http_iam/attachments.rs"]
mod attachments;
#[path = "http_iam/attacks.rs"]
mod attacks;
#[path = "http_iam/authorization.rs"]
mod authorization;
#[path = "http_iam/denials.rs"]
mod denials;
#[path = "http_iam/elsewhere.rs"]
mod elsewhere;
#[path = "http_iam/escalation.rs"]
mod escalation;
#[path = "http_iam/holders.rs"]
mod holders;
#[path = "http_iam/instance_profiles.rs"]
mod instance_profiles;
#[path = "http_iam/listings.rs"]
mod listings;
#[path = "http_iam/parameters.rs"]
mod parameters;
#[path = "http_iam/policies.rs"]
mod policies;
#[path = "http_iam/providers.rs"]
mod providers;
#[path = "http_iam/recorded.rs"]
mod recorded;
#[path = "http_iam/refusals.rs"]
mod refusals;
#[path = "http_iam/roles.rs"]
mod roles;
#[path = "http_iam/simulation.rs"]
mod simulation;
#[path = "http_iam/simulation_organization.rs"]
mod simulation_organization;
#[path = "http_iam/simulation_results.rs"]
mod simulation_results;
#[path = "http_iam/site.rs"]
mod site;
#[path = "http_iam/trail.rs"]
mod trail;
#[path = "http_iam/trust.rs"]
mod trust;
