//! Every kind of principal against every kind of policy, within one account and across two, on three kinds of resource:
//! all combinations, each compared with a table of the guide's rules that shares no code with the crate.
//!
//! Policies allow, deny or say nothing of the action; how they match it is the business of the other tests.

use daypass::policy::{Action, Keys, Kind, Layers, Level, Outcome, Policy, Principal, Request, Resource, evaluate};

use super::policy;

const USER: &str = "arn:aws:iam::111111111111:user/team/martha";
const ROLE: &str = "arn:aws:iam::111111111111:role/team/reader";
const SESSION: &str = "arn:aws:sts::111111111111:assumed-role/reader/martha";
const FEDERATED_USER: &str = "arn:aws:sts::111111111111:federated-user/bob";
const PROVIDER: &str = "arn:aws:iam::111111111111:oidc-provider/login.example.com";

/// What one policy, or the lack of it, says of the request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Says {
    /// There is no such policy.
    Absent,
    Allow,
    Nothing,
    Deny,
}

/// What else has to allow where a resource policy names the principal so (IAM user guide, "How a resource-based policy
/// affects the evaluation", its table of principals).
#[derive(Clone, Copy, Debug, PartialEq)]
enum Named {
    /// Nothing.
    Free,
    /// Permissions boundary and session policy.
    Limited,
    /// Identity policy, permissions boundary and session policy.
    ByAccount,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Standing {
    /// The root user of an account.
    Root,
    /// Of an account: it has policies of its own, and service control policies reach it.
    Member,
    /// Of no account.
    Outsider,
}

struct Who {
    name: &'static str,
    principal: Principal,
    standing: Standing,
    /// The ways a principal element can name it.
    names: Vec<(String, Named)>,
}

fn aws(name: &str) -> String {
    format!(r#"{{"AWS":"{name}"}}"#)
}

fn of_account(name: &'static str, arn: &str, names: &[(&str, Named)]) -> Who {
    let mut names: Vec<_> = names.iter().map(|(own, named)| (aws(own), *named)).collect();
    names.push((aws("111111111111"), Named::ByAccount));
    names.push((aws("arn:aws:iam::111111111111:root"), Named::ByAccount));
    names.extend(strangers());
    Who { name, principal: super::principal(arn), standing: Standing::Member, names }
}

fn outsider(name: &'static str, principal: Principal, element: Option<&str>) -> Who {
    let mut names: Vec<_> = element.into_iter().map(|own| (own.to_owned(), Named::Free)).collect();
    names.push((aws("111111111111"), Named::Not));
    names.extend(strangers());
    Who { name, principal, standing: Standing::Outsider, names }
}

fn strangers() -> [(String, Named); 3] {
    [
        (r#""*""#.into(), Named::Free),
        (aws("333333333333"), Named::Not),
        (aws(&USER.replace("martha", "m*")), Named::Not),
    ]
}

fn everyone() -> Vec<Who> {
    let role = Principal::AssumedRole { role_arn: Some(ROLE.parse().unwrap()), session_arn: SESSION.parse().unwrap() };
    let federated =
        Principal::FederatedUser { arn: FEDERATED_USER.parse().unwrap(), user_arn: Some(USER.parse().unwrap()) };
    let of_session = [(SESSION, Named::Free), (ROLE, Named::Limited), (USER, Named::Not)];
    let of_federated = [(FEDERATED_USER, Named::Free), (USER, Named::Limited), (ROLE, Named::Not)];
    let root = of_account("root user", "arn:aws:iam::111111111111:root", &[(USER, Named::Not)]);
    // Whoever names the account names its root user; only what limits a session of it is left to ask.
    let of_root =
        |(element, named): (String, Named)| (element, if named == Named::ByAccount { Named::Limited } else { named });
    let names = root.names.into_iter().map(of_root).collect();
    vec![
        Who { standing: Standing::Root, names, ..root },
        // A session from GetSessionToken is the user.
        of_account("user", USER, &[(USER, Named::Free), (ROLE, Named::Not)]),
        of_account("role", ROLE, &[(ROLE, Named::Limited), (SESSION, Named::Not)]),
        Who { principal: role, ..of_account("role session", SESSION, &of_session) },
        Who { principal: federated, ..of_account("federated user", FEDERATED_USER, &of_federated) },
        outsider(
            "federated provider",
            Principal::Federated { provider_arn: PROVIDER.parse().unwrap() },
            Some(&format!(r#"{{"Federated":"{PROVIDER}"}}"#)),
        ),
        outsider(
            "well-known provider",
            Principal::WellKnownProvider { name: "accounts.google.com".into() },
            Some(r#"{"Federated":"accounts.google.com"}"#),
        ),
        outsider(
            "service",
            Principal::Service { name: "s3.amazonaws.com".into() },
            Some(r#"{"Service":["ec2.amazonaws.com","s3.amazonaws.com"]}"#),
        ),
        outsider(
            "canonical user",
            Principal::CanonicalUser { id: "79a59df9".into() },
            Some(r#"{"CanonicalUser":"79a59df9"}"#),
        ),
        outsider("anonymous", Principal::Anonymous, None),
    ]
}

/// A kind of resource: what is asked of it, and whether its own policy must allow in the same account too.
struct Target {
    kind: Kind,
    action: &'static str,
    resource: [&'static str; 2],
    must_allow: bool,
}

const BUCKET: Target = Target {
    kind: Kind::Resource,
    action: "s3:GetObject",
    resource: ["arn:aws:s3:::photos/1.svg"; 2],
    must_allow: false,
};
const KEY: Target = Target {
    kind: Kind::Resource,
    action: "kms:Decrypt",
    resource: ["arn:aws:kms:eu-west-1:111111111111:key/a", "arn:aws:kms:eu-west-1:222222222222:key/a"],
    must_allow: true,
};
const TRUSTING: Target = Target {
    kind: Kind::Trust,
    action: "sts:AssumeRole",
    resource: ["arn:aws:iam::111111111111:role/target", "arn:aws:iam::222222222222:role/target"],
    must_allow: true,
};

fn document(kind: Kind, says: Says, principal: Option<&str>) -> Policy {
    let who = principal.map(|own| format!(r#""Principal":{own},"#)).unwrap_or_default();
    let (all, other) = if kind == Kind::Trust {
        (r#""Action":"sts:*""#, r#""Action":"sts:TagSession""#)
    } else {
        (r#""Action":"*","Resource":"*""#, r#""Action":"ec2:*","Resource":"*""#)
    };
    let allow = format!(r#"{{"Effect":"Allow",{who}{all}}}"#);
    match says {
        Says::Allow => policy(kind, &allow),
        Says::Deny => policy(kind, &format!(r#"{allow},{{"Effect":"Deny",{who}{all}}}"#)),
        Says::Absent | Says::Nothing => policy(kind, &format!(r#"{{"Effect":"Allow",{who}{other}}}"#)),
    }
}

/// The levels of an organisation, what they deny and whether each of them allows.
fn organisations() -> Vec<(Vec<Level>, bool, bool)> {
    let (allow, silent, deny) = (
        || document(Kind::ServiceControl, Says::Allow, None),
        || document(Kind::ServiceControl, Says::Nothing, None),
        || document(Kind::ServiceControl, Says::Deny, None),
    );
    let level = |policies| Level::new("level", policies);
    vec![
        (vec![], false, true),
        (vec![level(vec![allow()]), level(vec![allow()])], false, true),
        // The policies of one level are a union, the levels an intersection.
        (vec![level(vec![allow()]), level(vec![silent(), allow()])], false, true),
        (vec![level(vec![allow()]), level(vec![silent()])], false, false),
        (vec![level(vec![]), level(vec![allow()])], false, false),
        (vec![level(vec![allow()]), level(vec![allow(), deny()])], true, true),
    ]
}

fn resource_controls() -> Vec<(Vec<Level>, bool)> {
    let everything = r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#;
    let deny = |action: &str| {
        let deny = format!(r#"{{"Effect":"Deny","Principal":"*","Action":"{action}","Resource":"*"}}"#);
        policy(Kind::ResourceControl, &format!("{everything},{deny}"))
    };
    let level = |policies| Level::new("level", policies);
    vec![
        (vec![], false),
        (vec![level(vec![deny("ec2:*")])], false),
        (vec![level(vec![]), level(vec![deny("*")])], true),
    ]
}

struct Case {
    standing: Standing,
    across: bool,
    must_allow: bool,
    identity: Says,
    resource: Says,
    named: Named,
    boundary: Says,
    session: Says,
    organisation: (bool, bool),
    resource_control_denies: bool,
}

/// The evaluation logic of the guide, rule by rule.
fn expected(case: &Case) -> Outcome {
    let own = [case.identity, case.boundary, case.session];
    let (scp_denies, scp_allows) = if case.standing == Standing::Outsider { (false, true) } else { case.organisation };
    let resource_denies = case.resource == Says::Deny && case.named != Named::Not;
    if own.contains(&Says::Deny) || resource_denies || scp_denies || case.resource_control_denies {
        return Outcome::ExplicitDeny;
    }
    if !scp_allows {
        return Outcome::ImplicitDeny;
    }
    let named = if case.resource == Says::Allow { case.named } else { Named::Not };
    let lets_through = |says: Says| matches!(says, Says::Absent | Says::Allow);
    let within_limits = lets_through(case.boundary) && lets_through(case.session);
    let by_itself = (case.identity == Says::Allow || case.standing == Standing::Root) && within_limits;
    let allowed = if case.standing == Standing::Outsider {
        named != Named::Not
    } else if case.across {
        named != Named::Not && by_itself
    } else {
        match named {
            Named::Free => true,
            Named::Limited => within_limits,
            Named::ByAccount => by_itself,
            Named::Not => by_itself && !case.must_allow,
        }
    };
    if allowed { Outcome::Allow } else { Outcome::ImplicitDeny }
}

/// Every combination for one kind of resource; the number of them, so that none is lost unnoticed.
fn all_combinations(target: &Target) -> usize {
    const SAYS: [Says; 4] = [Says::Absent, Says::Allow, Says::Nothing, Says::Deny];
    let own = |kind| SAYS.map(|says| if says == Says::Absent { vec![] } else { vec![document(kind, says, None)] });
    let (identities, limits) = (own(Kind::Identity), own(Kind::Session));
    let (organisations, controls) = (organisations(), resource_controls());
    let (keys, action): (_, Action) = (Keys::new(), target.action.parse().unwrap());
    let owners = ["111111111111", "222222222222"].map(|id| id.parse().unwrap());
    let mut count = 0;
    for who in everyone() {
        // Only who belongs to an account has policies, and the root user has no boundary.
        let identity_range = if who.standing == Standing::Outsider { 0..1 } else { 0..4 };
        let session_range = identity_range.clone();
        let boundary_range = if who.standing == Standing::Member { 0..4 } else { 0..1 };
        let mut admissions = vec![(None, Says::Absent, Named::Not)];
        for (element, named) in &who.names {
            for says in [Says::Allow, Says::Nothing, Says::Deny] {
                admissions.push((Some(document(target.kind, says, Some(element))), says, *named));
            }
        }
        for ((across, owner), resource) in [false, true].into_iter().zip(&owners).zip(target.resource) {
            let resource: Resource = resource.parse().unwrap();
            let request = Request::new(&who.principal, &action, &resource, &keys).in_account(owner);
            for (resource_policy, says, named) in &admissions {
                for (identity, session, boundary) in identity_range.clone().flat_map(|one| {
                    let (session_range, boundary_range) = (session_range.clone(), boundary_range.clone());
                    session_range.flat_map(move |two| boundary_range.clone().map(move |three| (one, two, three)))
                }) {
                    for (levels, scp_denies, scp_allows) in &organisations {
                        for (control, denies) in &controls {
                            let mut layers = Layers::new(&identities[identity])
                                .with_service_control(levels)
                                .with_resource_control(control);
                            layers = resource_policy.as_ref().map_or(layers, |own| layers.with_resource(own));
                            if boundary > 0 {
                                layers = layers.with_boundary(&limits[boundary]);
                            }
                            if session > 0 {
                                layers = layers.with_session(&limits[session]);
                            }
                            let case = Case {
                                standing: who.standing,
                                across,
                                must_allow: target.must_allow,
                                identity: SAYS[identity],
                                resource: *says,
                                named: *named,
                                boundary: SAYS[boundary],
                                session: SAYS[session],
                                organisation: (*scp_denies, *scp_allows),
                                resource_control_denies: *denies,
                            };
                            let found = evaluate(&layers, &request);
                            assert_eq!(
                                found.outcome(),
                                expected(&case),
                                "{}, across {across}, {resource_policy:?} {named:?}, identity {:?}, boundary {:?}, session {:?}, {levels:?}, {control:?}",
                                who.name,
                                case.identity,
                                case.boundary,
                                case.session
                            );
                            assert_eq!(found.outcome() == Outcome::ExplicitDeny, found.explicit_denial(), "{found:?}");
                            count += 1;
                        }
                    }
                }
            }
        }
    }
    count
}

trait Told {
    fn explicit_denial(&self) -> bool;
}

impl Told for daypass::policy::Evaluation<'_> {
    fn explicit_denial(&self) -> bool {
        self.statement().is_some_and(|own| own.effect() == daypass::policy::Effect::Deny)
    }
}

#[test]
fn every_combination_on_a_bucket() {
    assert_eq!(all_combinations(&BUCKET), COMBINATIONS);
}

#[test]
fn every_combination_on_a_key() {
    assert_eq!(all_combinations(&KEY), COMBINATIONS);
}

#[test]
fn every_combination_on_a_role_that_is_assumed() {
    assert_eq!(all_combinations(&TRUSTING), COMBINATIONS);
}

/// Accounts, organisations and resource control policies, times what each principal has: how resource policies can name
/// it, and three policies of its own.
const COMBINATIONS: usize = 2 * 6 * 3 * (19 * 16 + (22 + 22 + 25 + 25) * 64 + 4 * 16 + 13);
