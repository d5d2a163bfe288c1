//! Structures that several operations answer with.

use std::collections::BTreeMap;

use crate::arn::Arn;
use crate::http::query::Element;
use crate::iam::{Account, Accounts, Boundary, ManagedPolicy, PolicyUses, PolicyVersion, RoleRecord, RoleUse};

/// `Tags`.
pub(super) fn tags(tags: &BTreeMap<String, String>) -> Element {
    let pair = |(key, value): (&String, &String)| {
        vec![Element::text("Key", key.as_str()), Element::text("Value", value.as_str())]
    };
    Element::list("Tags", tags.iter().map(pair))
}

/// `PermissionsBoundary`.
pub(super) fn boundary(boundary: &Boundary) -> Element {
    // The service model has another word, which the cloud does not use.
    let kind = Element::text("PermissionsBoundaryType", "Policy");
    Element::Group("PermissionsBoundary", vec![kind, Element::text("PermissionsBoundaryArn", boundary.arn().as_str())])
}

/// A role as its creation and a change of its description answer with it: without `RoleLastUsed`, and without a duration that
/// was not asked for.
pub(super) fn made_role(record: &RoleRecord, accounts: &Accounts) -> Vec<Element> {
    let mut elements = named_role(record, accounts);
    elements.extend(held(record));
    elements
}

/// A role as lists hold it: without boundary, tags and `RoleLastUsed`.
pub(super) fn role(record: &RoleRecord, accounts: &Accounts) -> Vec<Element> {
    let mut elements = named_role(record, accounts);
    elements.push(max_session_duration(record));
    elements
}

/// A role with all that is known of it.
pub(super) fn whole_role(record: &RoleRecord, accounts: &Accounts) -> Vec<Element> {
    let mut elements = role(record, accounts);
    elements.extend(held(record));
    elements.push(last_used(record));
    elements
}

/// `MaxSessionDuration`.
pub(super) fn max_session_duration(record: &RoleRecord) -> Element {
    Element::number("MaxSessionDuration", record.role.max_session_duration().as_secs())
}

/// A role as instance profiles hold it: without duration, boundary, tags and `RoleLastUsed`.
pub(super) fn named_role(record: &RoleRecord, accounts: &Accounts) -> Vec<Element> {
    let role = &record.role;
    let mut elements = vec![
        Element::text("Path", record.path.as_str()),
        Element::text("RoleName", record.name.as_str()),
        Element::text("RoleId", role.id().as_str()),
        Element::text("Arn", role.arn().as_str()),
        Element::Instant("CreateDate", record.created),
        Element::document("AssumeRolePolicyDocument", &record.trust_document(accounts)),
    ];
    elements.extend(record.description.as_deref().map(|text| Element::text("Description", text)));
    elements
}

/// The boundary and the tags, where there are any.
fn held(record: &RoleRecord) -> impl Iterator<Item = Element> {
    let tags = (!record.tags.is_empty()).then(|| tags(&record.tags));
    record.permissions.boundary.as_ref().map(boundary).into_iter().chain(tags)
}

/// `RoleLastUsed`; empty while the role was not used.
pub(super) fn last_used(record: &RoleRecord) -> Element {
    let used = record.last_used();
    let told =
        |used: &RoleUse| [Element::Instant("LastUsedDate", used.at), Element::text("Region", used.region.as_str())];
    Element::Group("RoleLastUsed", used.as_deref().map(told).into_iter().flatten().collect())
}

/// A managed policy as lists hold it.
pub(super) fn policy(policy: &ManagedPolicy, uses: PolicyUses) -> Vec<Element> {
    vec![
        Element::text("PolicyName", policy.name.as_str()),
        Element::text("PolicyId", policy.id.as_str()),
        Element::text("Arn", policy.arn.as_str()),
        Element::text("Path", policy.path.as_str()),
        Element::text("DefaultVersionId", format!("v{}", policy.default_version)),
        Element::number("AttachmentCount", uses.attachments),
        Element::number("PermissionsBoundaryUsageCount", uses.boundaries),
        Element::Flag("IsAttachable", true),
        Element::Instant("CreateDate", policy.created),
        Element::Instant("UpdateDate", policy.updated),
    ]
}

/// A managed policy as its creation answers with it: with the tags that it was given, if any.
pub(super) fn made_policy(managed: &ManagedPolicy, account: &Account) -> Vec<Element> {
    let mut elements = described_policy(managed, account);
    if !managed.tags.is_empty() {
        elements.push(tags(&managed.tags));
    }
    elements
}

/// A managed policy with all that is known of it.
pub(super) fn whole_policy(managed: &ManagedPolicy, account: &Account) -> Vec<Element> {
    let mut elements = described_policy(managed, account);
    elements.push(tags(&managed.tags));
    elements
}

fn described_policy(managed: &ManagedPolicy, account: &Account) -> Vec<Element> {
    let mut elements = policy(managed, account.uses_of(&managed.arn));
    elements.extend(managed.description.as_deref().map(|text| Element::text("Description", text)));
    elements
}

/// A version of a managed policy, without its document.
pub(super) fn version(managed: &ManagedPolicy, version: &PolicyVersion) -> Vec<Element> {
    vec![
        Element::text("VersionId", format!("v{}", version.number)),
        Element::Flag("IsDefaultVersion", version.number == managed.default_version),
        Element::Instant("CreateDate", version.created),
    ]
}

/// `AttachedPolicies` or `AttachedManagedPolicies`: name and ARN of each.
pub(super) fn attached<'a>(arns: impl IntoIterator<Item = &'a Arn>) -> Vec<Vec<Element>> {
    let pair = |arn: &Arn| {
        let name = arn.resource().rsplit('/').next().unwrap_or_default().to_owned();
        vec![Element::text("PolicyName", name), Element::text("PolicyArn", arn.as_str())]
    };
    arns.into_iter().map(pair).collect()
}
