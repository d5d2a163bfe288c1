//! Who a principal element names, and how directly.

use super::{BUCKET, policy};
use daypass::policy::{
    Action, Grant, Keys, Kind, Layers, NameError, Outcome, Policy, PolicyError, Principal, Request, Resource, evaluate,
    evaluate_trust,
};

const ROLE: &str = "arn:aws:iam::111111111111:role/team/reader";
const SESSION: &str = "arn:aws:sts::111111111111:assumed-role/reader/martha";
const FEDERATED_USER: &str = "arn:aws:sts::111111111111:federated-user/bob";
const PROVIDER: &str = "arn:aws:iam::111111111111:oidc-provider/login.example.com";

fn session() -> Principal {
    Principal::AssumedRole { role_arn: Some(ROLE.parse().unwrap()), session_arn: SESSION.parse().unwrap() }
}

fn grant_in(element: &str, principal: &Principal, keys: &Keys) -> Option<Grant> {
    let trust = policy(Kind::Trust, &format!(r#"{{"Effect":"Allow","Principal":{element},"Action":"sts:*"}}"#));
    let action: Action = "sts:AssumeRole".parse().unwrap();
    let evaluation = evaluate_trust(&trust, principal, &action, keys);
    assert_eq!(evaluation.outcome() == Outcome::Allow, evaluation.grant().is_some());
    evaluation.grant()
}

fn grant(element: &str, principal: &Principal) -> Option<Grant> {
    grant_in(element, principal, &Keys::new())
}

#[test]
fn each_principal_is_named_by_its_own_names_only() {
    let user = super::principal(super::USER);
    let role = Principal::Role { arn: ROLE.parse().unwrap() };
    let federated_user =
        Principal::FederatedUser { arn: FEDERATED_USER.parse().unwrap(), user_arn: Some(super::USER.parse().unwrap()) };
    let root = Principal::Root { account: "111111111111".parse().unwrap() };
    let federated = Principal::Federated { provider_arn: PROVIDER.parse().unwrap() };
    let well_known = Principal::WellKnownProvider { name: "accounts.google.com".into() };
    let service = Principal::Service { name: "s3.amazonaws.com".into() };
    let canonical = Principal::CanonicalUser { id: "79a59df9".into() };
    let everyone = [
        &user,
        &role,
        &session(),
        &federated_user,
        &root,
        &federated,
        &well_known,
        &service,
        &canonical,
        &Principal::Anonymous,
    ];
    let (d, l, a, n) = (Some(Grant::Direct), Some(Grant::Limited), Some(Grant::Account), None);
    let table = [
        (r#""*""#.to_owned(), [d, d, d, d, d, d, d, d, d, d]),
        (r#"{"AWS":"*"}"#.to_owned(), [d, d, d, d, d, d, d, d, d, d]),
        (r#"{"AWS":"111111111111"}"#.to_owned(), [a, a, a, a, l, n, n, n, n, n]),
        (r#"{"AWS":"arn:aws:iam::111111111111:root"}"#.to_owned(), [a, a, a, a, l, n, n, n, n, n]),
        (r#"{"AWS":"222222222222"}"#.to_owned(), [n, n, n, n, n, n, n, n, n, n]),
        (format!(r#"{{"AWS":"{}"}}"#, super::USER), [d, n, n, l, n, n, n, n, n, n]),
        (format!(r#"{{"AWS":"{ROLE}"}}"#), [n, l, l, n, n, n, n, n, n, n]),
        (format!(r#"{{"AWS":"{SESSION}"}}"#), [n, n, d, n, n, n, n, n, n, n]),
        (format!(r#"{{"AWS":["222222222222","{SESSION}","{ROLE}"]}}"#), [n, l, d, n, n, n, n, n, n, n]),
        (format!(r#"{{"AWS":"{FEDERATED_USER}"}}"#), [n, n, n, d, n, n, n, n, n, n]),
        (format!(r#"{{"Federated":"{PROVIDER}"}}"#), [n, n, n, n, n, d, n, n, n, n]),
        (r#"{"Federated":"accounts.google.com"}"#.to_owned(), [n, n, n, n, n, n, d, n, n, n]),
        (r#"{"Service":["ec2.amazonaws.com","s3.amazonaws.com"]}"#.to_owned(), [n, n, n, n, n, n, n, d, n, n]),
        (r#"{"CanonicalUser":"79a59df9"}"#.to_owned(), [n, n, n, n, n, n, n, n, d, n]),
        (
            r#"{"Service":"accounts.google.com","Federated":"s3.amazonaws.com","CanonicalUser":"ec2.amazonaws.com"}"#
                .to_owned(),
            [n; 10],
        ),
    ];
    for (element, expected) in table {
        for (principal, expected) in everyone.into_iter().zip(expected) {
            assert_eq!(grant(&element, principal), expected, "{element} {principal}");
        }
    }
}

#[test]
fn wildcards_inside_an_arn_name_nobody() {
    for arn in [
        "arn:aws:iam::111111111111:role/*",
        "arn:aws:iam::111111111111:role/team/read??",
        "arn:aws:sts::111111111111:assumed-role/reader/*",
    ] {
        assert_eq!(grant(&format!(r#"{{"AWS":"{arn}"}}"#), &session()), None, "{arn}");
    }
    let wild = "arn:aws:iam::*:root";
    let text = super::document(&format!(r#"{{"Effect":"Allow","Principal":{{"AWS":"{wild}"}},"Action":"sts:*"}}"#));
    assert_eq!(Policy::parse(&text, Kind::Trust).map(|policy| policy.kind()), Ok(Kind::Trust));
    let nobody = Principal::Root { account: "111111111111".parse().unwrap() };
    assert_eq!(grant(&format!(r#"{{"AWS":"{wild}"}}"#), &nobody), None);
}

#[test]
fn a_role_known_from_its_session_is_compared_by_name() {
    let session = super::principal(SESSION);
    assert_eq!(grant(&format!(r#"{{"AWS":"{ROLE}"}}"#), &session), Some(Grant::Limited));
    for other in [
        "arn:aws:iam::111111111111:role/team/other-reader",
        "arn:aws:iam::111111111111:role/reader/x",
        "arn:aws:iam::222222222222:role/team/reader",
        "arn:aws-cn:iam::111111111111:role/team/reader",
        "arn:aws:iam::111111111111:user/team/reader",
    ] {
        assert_eq!(grant(&format!(r#"{{"AWS":"{other}"}}"#), &session), None, "{other}");
    }
}

/// Attack: a role made without a path under the name that a policy trusts with one.
#[test]
fn a_role_whose_path_is_known_is_compared_whole() {
    let plain = "arn:aws:iam::111111111111:role/reader";
    let of_role = |arn: &str| {
        [
            Principal::Role { arn: arn.parse().unwrap() },
            super::principal(arn),
            Principal::AssumedRole { role_arn: Some(arn.parse().unwrap()), session_arn: SESSION.parse().unwrap() },
        ]
    };
    for named in [plain, ROLE, "arn:aws:iam::111111111111:role/other/reader"] {
        for own in [plain, ROLE] {
            for principal in of_role(own) {
                let expected = (named == own).then_some(Grant::Limited);
                assert_eq!(grant(&format!(r#"{{"AWS":"{named}"}}"#), &principal), expected, "{named} {principal:?}");
            }
        }
    }
    assert!(matches!(super::principal(SESSION), Principal::AssumedRole { role_arn: None, .. }));
}

/// STS calls it an assumed role id, and it names one session of one role, not of its successors.
#[test]
fn a_session_is_named_by_its_id_too() {
    let element = r#"{"AWS":"AROAEXAMPLEEXAMPLE123:martha"}"#;
    let bucket = |element: &str, principal: &Principal, id: &str| {
        let statement = format!(r#"{{"Effect":"Allow","Principal":{element},"Action":"s3:GetObject"}}"#);
        let (policy, keys) = (policy(Kind::Resource, &statement), Keys::new().with("aws:userid", id));
        super::decide(&Layers::new(&[]).with_resource(&policy), principal, "s3:GetObject", BUCKET, &keys)
    };
    let own = "AROAEXAMPLEEXAMPLE123:martha";
    assert_eq!(bucket(element, &session(), own), Outcome::Allow);
    assert_eq!(bucket(element, &super::principal(SESSION), own), Outcome::Allow);
    for other in ["AROAEXAMPLEEXAMPLE124:martha", "AROAEXAMPLEEXAMPLE123:martha2", "AROAEXAMPLEEXAMPLE123:Martha", ""] {
        assert_eq!(bucket(element, &session(), other), Outcome::ImplicitDeny, "{other}");
    }
    // Nobody else has that id, whatever a request says.
    for other in [super::principal(super::USER), super::principal(ROLE), super::principal(FEDERATED_USER)] {
        assert_eq!(bucket(element, &other, own), Outcome::ImplicitDeny, "{other}");
    }
    for wrong in ["AIDAEXAMPLEEXAMPLE123:martha", "AROAEXAMPLEEXAMPLE123:", "AROAEXAMPLEEXAMPLE123:a b", "AROA:martha"]
    {
        let text = super::document(&format!(
            r#"{{"Effect":"Allow","Principal":{{"AWS":"{wrong}"}},"Action":"s3:GetObject"}}"#
        ));
        assert!(matches!(Policy::parse(&text, Kind::Resource), Err(PolicyError::Principal { .. })), "{wrong}");
    }
}

/// How a user authenticates is nothing that policies decide.
#[test]
fn a_session_of_ones_own_needs_no_permission_and_no_denial_reaches_it() {
    let deny = policy(Kind::Identity, r#"{"Effect":"Deny","Action":"*","Resource":"*"}"#);
    let ask = |policies: &[Policy], who: &Principal| {
        super::decide(&Layers::new(policies), who, "sts:GetSessionToken", "*", &Keys::new())
    };
    for who in [super::principal(super::USER), super::principal("arn:aws:iam::111111111111:root")] {
        assert_eq!((ask(&[], &who), ask(std::slice::from_ref(&deny), &who)), (Outcome::Allow, Outcome::Allow), "{who}");
    }
    // Whoever is held to session policies is in a session already, and nobody else can ask for one.
    let (session_policies, action) = ([deny.clone()], "sts:GetSessionToken");
    let layers = Layers::new(&[]).with_session(&session_policies);
    let user = super::principal(super::USER);
    assert_eq!(super::decide(&layers, &user, action, "*", &Keys::new()), Outcome::ExplicitDeny);
    for who in [session(), super::principal(FEDERATED_USER), Principal::Anonymous] {
        assert_eq!(ask(&[], &who), Outcome::ImplicitDeny, "{who}");
        assert_eq!(ask(std::slice::from_ref(&deny), &who), Outcome::ExplicitDeny, "{who}");
    }
}

#[test]
fn a_recreated_role_is_another_one() {
    let trust = r#"{"AWS":"AROAEXAMPLEEXAMPLE123"}"#;
    let keys = |id: &str| Keys::new().with("aws:userid", format!("{id}:martha"));
    assert_eq!(grant_in(trust, &session(), &keys("AROAEXAMPLEEXAMPLE123")), Some(Grant::Limited));
    assert_eq!(grant_in(trust, &session(), &keys("AROAEXAMPLEEXAMPLE124")), None);
    assert_eq!(grant_in(trust, &session(), &Keys::new().with("aws:userid", "AROAEXAMPLEEXAMPLE1234:x")), None);
    assert_eq!(grant(trust, &session()), None);
    let user = Keys::new().with("aws:userid", "AIDAEXAMPLEEXAMPLE123");
    assert_eq!(
        grant_in(r#"{"AWS":"AIDAEXAMPLEEXAMPLE123"}"#, &super::principal(super::USER), &user),
        Some(Grant::Direct)
    );
}

#[test]
fn not_principal_names_everyone_else() {
    let deny = |element: &str, principal: &Principal| {
        let statements = format!(
            r#"{{"Effect":"Allow","Principal":"*","Action":"sts:*"}},{{"Effect":"Deny","NotPrincipal":{element},"Action":"sts:*"}}"#
        );
        let trust = policy(Kind::Trust, &statements);
        let action: Action = "sts:AssumeRole".parse().unwrap();
        evaluate_trust(&trust, principal, &action, &Keys::new()).outcome() == Outcome::ExplicitDeny
    };
    assert!(!deny(&format!(r#"{{"AWS":["{SESSION}","{ROLE}","111111111111"]}}"#), &session()));
    assert!(!deny(&format!(r#"{{"AWS":"{SESSION}"}}"#), &session()));
    assert!(!deny(r#"{"AWS":"111111111111"}"#, &super::principal("arn:aws:iam::111111111111:root")));
    assert!(deny(&format!(r#"{{"AWS":"{}"}}"#, super::USER), &session()));
    assert!(deny(r#"{"AWS":"111111111111"}"#, &Principal::Anonymous));
    assert!(!deny(r#""*""#, &Principal::Anonymous));
}

/// A session is its account, its role and itself at once; an exception for one of the first two would be an exception for
/// everyone else who is that too (attack: any user of the account passes a denial that spares the root user).
#[test]
fn a_denial_spares_only_whom_it_names_itself() {
    for effect in ["Allow", "Deny"] {
        let outcome = |element: &str, principal: &Principal| {
            let statements = format!(
                r#"{{"Effect":"{effect}","NotPrincipal":{element},"Action":"s3:*"}},
                {{"Effect":"Allow","Principal":"*","Action":"iam:*"}}"#
            );
            let bucket = policy(Kind::Resource, &statements);
            let identity = [policy(Kind::Identity, r#"{"Effect":"Allow","Action":"s3:*","Resource":"*"}"#)];
            let layers = Layers::new(if effect == "Deny" { &identity } else { &[] }).with_resource(&bucket);
            let (action, keys): (Action, _) = ("s3:GetObject".parse().unwrap(), Keys::new());
            let resource: Resource = BUCKET.parse().unwrap();
            evaluate(&layers, &Request::new(principal, &action, &resource, &keys)).outcome()
        };
        let refused = if effect == "Deny" { Outcome::ExplicitDeny } else { Outcome::ImplicitDeny };
        let (user, session) = (super::principal(super::USER), session());
        for (name, principal) in [("111111111111", &user), ("111111111111", &session), (ROLE, &session)] {
            assert_eq!(outcome(&format!(r#"{{"AWS":"{name}"}}"#), principal), refused, "{effect} {name}");
        }
        let spared = if effect == "Deny" { Outcome::Allow } else { Outcome::ImplicitDeny };
        assert_eq!(outcome(&format!(r#"{{"AWS":"{SESSION}"}}"#), &session), spared);
        assert_eq!(outcome(&format!(r#"{{"AWS":"{}"}}"#, super::USER), &user), spared);
    }
}

#[test]
fn principals_are_read_from_their_arns() {
    assert_eq!(super::principal(SESSION).account(), Some("111111111111"));
    assert!(matches!(super::principal(FEDERATED_USER), Principal::FederatedUser { user_arn: None, .. }));
    assert!(matches!(super::principal("arn:aws:iam::111111111111:root"), Principal::Root { .. }));
    for text in [
        "arn:aws:s3:::photos",
        PROVIDER,
        "arn:aws:iam::111111111111:group/g",
        "arn:aws:iam::111111111111:role/",
        "arn:aws:sts::111111111111:assumed-role/reader",
        "arn:aws:sts::111111111111:assumed-role/reader/",
        "arn:aws:iam::1:user/x",
    ] {
        assert_eq!(Principal::from_arn(text.parse().unwrap()), Err(NameError::Principal), "{text}");
    }
}

#[test]
fn a_policy_of_another_kind_is_no_trust_policy() {
    let bucket =
        policy(Kind::Resource, r#"{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}"#).named("bucket");
    let (action, keys, who): (Action, _, _) = ("sts:AssumeRole".parse().unwrap(), Keys::new(), session());
    let evaluation = evaluate_trust(&bucket, &who, &action, &keys);
    assert_eq!(evaluation.outcome(), Outcome::ImplicitDeny);
    assert_eq!(evaluation.explain().reason, "bucket is a resource policy and was given for the trust policy");
    assert!(matches!(Policy::parse("{}", Kind::Trust), Err(PolicyError::Missing { .. })));
}
