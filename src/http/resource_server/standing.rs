//! What has a say in what a session may do, but for the policies of resources: written by the broker, read by a server.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Error;
use crate::arn::AccountId;
use crate::broker::Broker;
use crate::credentials::Revoked;
use crate::organization::Organization;
use crate::policy::{Kind, Level, Policy};
use crate::session::{Caller, Entitlements, LongTermIdentity, Session, UserClaims};

/// A policy with its kind, under the name that decisions report.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    name: String,
    kind: String,
    document: String,
}

/// One level of an organisation.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    name: String,
    policies: Vec<Document>,
}

/// An account of an organisation, and what limits its principals and its resources.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Member {
    account: String,
    organization: Option<String>,
    management: bool,
    path: Option<String>,
    service_control: Vec<Step>,
    resource_control: Vec<Step>,
}

/// As it is sent. Whatever [`Entitlements`] holds is here: a part that were left out could be the one that limits.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::http) struct Written {
    identity: Vec<Document>,
    boundary: Option<Vec<Document>>,
    managed_session: Vec<Document>,
    tags: BTreeMap<String, String>,
    members: Vec<Member>,
    /// The user whom the session rests on, under the present name; none for sessions of roles and of root users.
    user: Option<UserClaims>,
}

/// As it is asked.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) entitlements: Entitlements,
    pub(super) organization: Organization,
    user: Option<UserClaims>,
}

impl Written {
    /// What has a say in what `session` may do at a server of account `owner`.
    ///
    /// # Errors
    /// [`Error::Request`] when the role or user that the session is of is gone.
    pub(in crate::http) fn of(broker: &Broker, session: &Arc<Session>, owner: &AccountId) -> Result<Self, Error> {
        let (caller, entitlements) = broker.entitled(&Caller::temporary(Arc::clone(session)))?;
        // Every part by name: one that is added later must be sent too, for it could be the one that limits.
        let Entitlements { identity, boundary, managed_session, tags } = entitlements;
        let mut accounts = vec![caller.account()];
        if owner != caller.account() {
            accounts.push(owner);
        }
        let organization = broker.organization();
        Ok(Self {
            identity: documents(&identity),
            boundary: boundary.as_deref().map(documents),
            managed_session: documents(&managed_session),
            tags,
            members: accounts.into_iter().map(|account| member(organization, account)).collect(),
            user: caller.rests_on().and_then(UserClaims::of),
        })
    }
}

impl Standing {
    /// Reads what a broker wrote; nothing when a part of it cannot be read.
    pub(super) fn read(written: &Written) -> Option<Self> {
        let mut entitlements =
            Entitlements::new(policies(&written.identity)?).limited_to(policies(&written.managed_session)?);
        if let Some(boundary) = &written.boundary {
            entitlements.boundary = Some(policies(boundary)?);
        }
        entitlements.tags.clone_from(&written.tags);
        let organization = organization(&written.members)?;
        Some(Self { entitlements, organization, user: written.user.clone() })
    }

    /// Who `session` is by now, as far as the broker told.
    ///
    /// # Errors
    /// [`Revoked::PrincipalGone`] when the broker told of somebody else.
    pub(super) fn present(&self, session: &Arc<Session>) -> Result<Caller, Revoked> {
        let principal_id = session.principal_id();
        let gone = || Revoked::PrincipalGone { principal_id: principal_id.to_owned() };
        let Some(LongTermIdentity::User(_)) = session.rests_on() else {
            return Ok(Caller::temporary(Arc::clone(session)));
        };
        let user = self.user.as_ref().filter(|user| user.user_id == principal_id).ok_or_else(gone)?;
        let present = UserClaims::identity(Some(user), session.account().as_str()).map_err(|_| gone())?;
        Ok(Caller::of_present(Arc::clone(session), present))
    }
}

fn member(organization: &Organization, account: &AccountId) -> Member {
    Member {
        account: account.to_string(),
        organization: organization.id_of(account).map(str::to_owned),
        management: organization.is_management(account),
        path: organization.path_of(account).map(str::to_owned),
        service_control: steps(organization.service_control(account)),
        resource_control: steps(organization.resource_control(account)),
    }
}

fn organization(members: &[Member]) -> Option<Organization> {
    // Who manages the organisation is nobody's business here, unless it is one of the two: no account has this id.
    let management = members.iter().find(|member| member.management).map_or("000000000000", |member| &member.account);
    let mut organization = match members.iter().find_map(|member| member.organization.as_deref()) {
        Some(id) => Organization::new(id, management.parse().ok()?),
        None => Organization::default(),
    };
    for member in members.iter().filter(|member| !member.management) {
        let account: AccountId = member.account.parse().ok()?;
        // An account that is not of the organisation has neither path nor control policies, and is not made one of it.
        if let Some(path) = &member.path {
            organization = organization.with_account(account.clone(), path.as_str());
        }
        if !member.service_control.is_empty() {
            organization = organization.with_service_control(account.clone(), levels(&member.service_control)?);
        }
        if !member.resource_control.is_empty() {
            organization = organization.with_resource_control(account, levels(&member.resource_control)?);
        }
    }
    Some(organization)
}

fn documents(policies: &[Policy]) -> Vec<Document> {
    let document = |policy: &Policy| Document {
        name: policy.name(),
        kind: kind_name(policy.kind()).to_owned(),
        document: policy.text().to_owned(),
    };
    policies.iter().map(document).collect()
}

fn policies(documents: &[Document]) -> Option<Vec<Policy>> {
    let read = |written: &Document| {
        let kind = KINDS.into_iter().find(|kind| kind_name(*kind) == written.kind)?;
        // The broker took it, perhaps by a raised quota.
        let policy = Policy::parse_within(&written.document, kind, written.document.len()).ok()?;
        Some(policy.named(&written.name))
    };
    documents.iter().map(read).collect()
}

fn steps(levels: &[Level]) -> Vec<Step> {
    levels.iter().map(|level| Step { name: level.name().to_owned(), policies: documents(level.policies()) }).collect()
}

fn levels(steps: &[Step]) -> Option<Vec<Level>> {
    steps.iter().map(|step| Some(Level::new(step.name.as_str(), policies(&step.policies)?))).collect()
}

/// Every kind that is sent.
const KINDS: [Kind; 5] = [Kind::Identity, Kind::Boundary, Kind::Session, Kind::ServiceControl, Kind::ResourceControl];

const fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Identity => "identity",
        Kind::Boundary => "boundary",
        Kind::Session => "session",
        Kind::ServiceControl => "service_control",
        Kind::ResourceControl => "resource_control",
        Kind::Trust => "trust",
        Kind::Resource => "resource",
    }
}
