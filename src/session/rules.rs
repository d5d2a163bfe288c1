//! The rules of this stage, in the order in which they are held.

use crate::explain::Rule;

/// The provider's mapping document says what the person is to become; not asked where there is none.
pub(super) const MAPPED: Rule = Rule {
    name: "attributes mapped",
    section: "the provider's mapping document",
    prevents: "a group or an attribute taken for what nobody said it means",
};
/// The provider lists the role (SAML attribute `Role`) or does not pin the token to others (claim `roles`).
pub(super) const LISTED: Rule = Rule {
    name: "role listed by provider",
    section: "AWS STS, AssumeRoleWithSAML: attribute Role",
    prevents: "a person taking a role the identity provider did not give",
};
/// The caller's own policies allow the call, unless the trust policy names the caller itself.
pub(super) const CALLER: Rule = Rule {
    name: "caller permitted",
    section: "AWS IAM, policy evaluation logic: sts:AssumeRole",
    prevents: "a limited session widening itself through another role",
};
/// The role's trust policy allows the principal.
pub(super) const TRUST: Rule = Rule {
    name: "trust policy",
    section: "AWS IAM, role trust policies",
    prevents: "anyone with an assertion of any provider taking any role",
};
/// Tags are allowed to be set.
pub(super) const TAG_SESSION: Rule = Rule {
    name: "session tags permitted",
    section: "AWS STS, sts:TagSession",
    prevents: "tags of a person's own choice opening what conditions guard",
};
/// The source identity is allowed to be set.
pub(super) const SOURCE_IDENTITY: Rule = Rule {
    name: "source identity permitted",
    section: "AWS STS, sts:SetSourceIdentity",
    prevents: "one person acting under another's name in the audit trail",
};
/// The contexts that the call provides are what the identity store asserted; not asked where it provides none.
pub(crate) const CONTEXT: Rule = Rule {
    name: "context asserted",
    section: "AWS STS, AssumeRole: ProvidedContexts",
    prevents: "a program acting on behalf of a person who never came to it",
};
/// The context is allowed to be set.
pub(super) const SET_CONTEXT: Rule = Rule {
    name: "context permitted",
    section: "AWS STS, sts:SetContext",
    prevents: "a role that is meant for programs opening what is a person's",
};
/// Only a long-term key gets this kind of session.
pub(super) const LONG_TERM: Rule = Rule {
    name: "long-term credentials",
    section: "AWS STS, GetSessionToken and GetFederationToken",
    prevents: "a session that renews itself without end",
};
/// The session lasts no longer than it may.
pub(super) const DURATION: Rule = Rule {
    name: "duration",
    section: "AWS STS, DurationSeconds",
    prevents: "credentials that outlive the role's limit",
};

/// The rules of AssumeRole, in order.
pub(super) const OF_CALLERS: [&Rule; 7] =
    [&CONTEXT, &CALLER, &TRUST, &TAG_SESSION, &SOURCE_IDENTITY, &SET_CONTEXT, &DURATION];
/// The rules of whom a provider vouches for that need no assertion, in order.
pub(super) const OF_FEDERATED: [&Rule; 4] = [&TRUST, &TAG_SESSION, &SOURCE_IDENTITY, &DURATION];
/// Every rule of this stage, in order.
pub const RULES: [&Rule; 10] =
    [&MAPPED, &LISTED, &LONG_TERM, &CONTEXT, &CALLER, &TRUST, &TAG_SESSION, &SOURCE_IDENTITY, &SET_CONTEXT, &DURATION];
