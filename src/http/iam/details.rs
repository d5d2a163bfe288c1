//! GetAccountAuthorizationDetails: every user, group, role and policy of the account with what it permits.

use std::collections::{BTreeSet, HashMap};

use super::call::{Call, Operation};
use super::paging::Page;
use super::{groups, instance_profiles, shapes, users};
use crate::arn::Arn;
use crate::http::query::{Answer, Constraints, Element, QueryError};
use crate::iam::{
    Account, Accounts, Group, ManagedPolicy, Permissions, PolicyUses, RoleRecord, User, aws_managed_policies,
};
use crate::policy::Keys;

const FILTERS: [&str; 5] = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"];

pub(super) fn operation(name: &str) -> Option<Operation> {
    (name == "GetAccountAuthorizationDetails").then_some(get_account_authorization_details)
}

/// One thing of the account.
enum Detail<'a> {
    User(&'a User),
    Group(&'a Group),
    Role(&'a RoleRecord),
    Policy(&'a ManagedPolicy),
}

fn get_account_authorization_details(call: &Call<'_>) -> Result<Answer, QueryError> {
    let mut constraints = Constraints::default();
    let filter: BTreeSet<&str> = call.query.members("Filter")?.into_iter().collect();
    for (number, kind) in (1_usize..).zip(&filter) {
        if !FILTERS.contains(kind) {
            let place = format!("filter.{number}.member");
            constraints.broken(&place, Some(kind), "satisfy enum value set");
        }
    }
    let page = Page::read(call.query, &mut constraints);
    constraints.finish()?;
    call.authorize("iam:GetAccountAuthorizationDetails", "*", &Keys::new())?;
    let (account, accounts) = (call.own_account()?, call.accounts());
    let uses = account.policy_uses();
    let (details, told) = page.of(all(&account, &filter, &uses), Detail::key)?;
    let list = |name: &'static str, elements: &dyn Fn(&Detail<'_>) -> Option<Vec<Element>>| {
        Element::list(name, details.iter().filter_map(elements))
    };
    let mut result = vec![
        list("UserDetailList", &|detail| match detail {
            Detail::User(user) => Some(user_detail(user, &account)),
            _ => None,
        }),
        list("GroupDetailList", &|detail| match detail {
            Detail::Group(group) => Some(group_detail(group)),
            _ => None,
        }),
        list("RoleDetailList", &|detail| match detail {
            Detail::Role(record) => Some(role_detail(record, &account, &accounts)),
            _ => None,
        }),
        list("Policies", &|detail| match detail {
            Detail::Policy(policy) => Some(policy_detail(policy, &uses)),
            _ => None,
        }),
    ];
    result.extend(told);
    Ok(Answer::new("GetAccountAuthorizationDetails", result))
}

fn all<'a>(account: &'a Account, filter: &BTreeSet<&str>, uses: &HashMap<&Arn, PolicyUses>) -> Vec<Detail<'a>> {
    let wanted = |kind: &str| filter.is_empty() || filter.contains(kind);
    let users = account.users.iter().filter(|_| wanted("User")).map(|user| Detail::User(user));
    let groups = account.groups.iter().filter(|_| wanted("Group")).map(|group| Detail::Group(group));
    let roles = account.roles.iter().filter(|_| wanted("Role")).map(|record| Detail::Role(record));
    let own = account.policies.iter().filter(|_| wanted("LocalManagedPolicy")).map(|policy| Detail::Policy(policy));
    // Of those that every account has, the ones that are used here.
    let used = |policy: &&ManagedPolicy| uses.contains_key(&policy.arn);
    let shared = aws_managed_policies().filter(|_| wanted("AWSManagedPolicy")).filter(used).map(Detail::Policy);
    let mut all: Vec<Detail<'a>> = users.chain(groups).chain(roles).chain(own).chain(shared).collect();
    all.sort_by_cached_key(Detail::key);
    all
}

impl Detail<'_> {
    fn key(&self) -> String {
        match self {
            Self::User(user) => format!("1/{}", user.identity.user_name.to_ascii_lowercase()),
            Self::Group(group) => format!("2/{}", group.name.folded()),
            Self::Role(record) => format!("3/{}", record.name.folded()),
            Self::Policy(policy) => format!("4/{}", policy.arn),
        }
    }
}

fn user_detail(user: &User, account: &Account) -> Vec<Element> {
    let groups = user.groups.iter().filter_map(|name| account.groups.find(name));
    let mut elements = users::user(user);
    elements.extend([
        inline("UserPolicyList", &user.permissions),
        Element::texts("GroupList", groups.map(|group| group.name.as_str())),
        attached(&user.permissions),
        shapes::tags(&user.identity.tags),
    ]);
    elements.extend(user.permissions.boundary.as_ref().map(shapes::boundary));
    elements
}

fn group_detail(group: &Group) -> Vec<Element> {
    let mut elements = groups::group(group);
    elements.extend([inline("GroupPolicyList", &group.permissions), attached(&group.permissions)]);
    elements
}

fn role_detail(record: &RoleRecord, account: &Account, accounts: &Accounts) -> Vec<Element> {
    let profiles = account.instance_profiles_of(record.name.as_str());
    let profiles = profiles.map(|profile| instance_profiles::instance_profile(profile, account, accounts));
    let mut elements = vec![
        Element::text("Path", record.path.as_str()),
        Element::text("RoleName", record.name.as_str()),
        Element::text("RoleId", record.role.id().as_str()),
        Element::text("Arn", record.role.arn().as_str()),
        Element::Instant("CreateDate", record.created),
        Element::document("AssumeRolePolicyDocument", &record.trust_document(accounts)),
        Element::list("InstanceProfileList", profiles),
        inline("RolePolicyList", &record.permissions),
        attached(&record.permissions),
        shapes::tags(&record.tags),
        shapes::last_used(record),
    ];
    elements.extend(record.permissions.boundary.as_ref().map(shapes::boundary));
    elements
}

fn policy_detail(policy: &ManagedPolicy, uses: &HashMap<&Arn, PolicyUses>) -> Vec<Element> {
    let mut elements = shapes::policy(policy, uses.get(&policy.arn).copied().unwrap_or_default());
    elements.extend(policy.description.as_deref().map(|text| Element::text("Description", text)));
    let versions = policy.versions.iter().map(|version| {
        let mut elements = vec![Element::document("Document", version.policy.text())];
        elements.extend(shapes::version(policy, version));
        elements
    });
    elements.push(Element::list("PolicyVersionList", versions));
    elements
}

fn inline(list: &'static str, permissions: &Permissions) -> Element {
    let policies = permissions.inline.iter().map(|(name, policy)| {
        vec![Element::text("PolicyName", name.as_str()), Element::document("PolicyDocument", policy.text())]
    });
    Element::list(list, policies)
}

fn attached(permissions: &Permissions) -> Element {
    Element::list("AttachedManagedPolicies", shapes::attached(&permissions.attached))
}
