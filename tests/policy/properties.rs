//! What holds of every policy, and agreement with the reference evaluator.

use std::collections::BTreeMap;

use daypass::arn::AccountId;
use daypass::policy::{Action, Keys, Kind, Layers, Level, Outcome, Policy, Principal, Request, Resource, evaluate};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::reference::{self, ACCOUNT, Case, Document, FEDERATED_USER, ROLE, SESSION, Statement, USER, Who};

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn some_of(texts: &[&str], most: usize) -> impl Strategy<Value = Vec<String>> + use<> {
    subsequence(owned(texts), 1..=most)
}

fn principals() -> impl Strategy<Value = (bool, Vec<String>)> {
    (prop::bool::weighted(0.2), some_of(&["*", ACCOUNT, "222222222222", USER, ROLE, SESSION, FEDERATED_USER], 2))
}

fn actions() -> impl Strategy<Value = (bool, Vec<String>)> {
    let patterns =
        ["*", "s3:*", "s3:Get*", "S3:getobject", "s3:?utObject", "ec2:*", "s*:GetObject", "s3:*et*ect", "s3:*"];
    (prop::bool::weighted(0.15), some_of(&patterns, 3))
}

fn resources() -> impl Strategy<Value = (bool, Vec<String>)> {
    let patterns = [
        "*",
        "arn:aws:s3:::a/*",
        "arn:aws:s3:::b/x",
        "arn:aws:s3:::${aws:PrincipalTag/T}/*",
        "arn:aws:s3:::${aws:principaltag/t, 'b'}/x",
        "arn:aws:s3:::${aws:PrincipalTag/T}${aws:PrincipalTag/T}*",
        "arn:aws:s3:::*${aws:PrincipalTag/T}*?",
        "arn:aws:s3:*::?/*x*",
        "arn:aws:s3:::a/${*}",
        "arn:aws:ec2:*:*:instance/?",
        "arn:aws:ec2:*:*:inst*/i",
        "arn:aws:*:*:*:a/*",
        "arn:aws:ec2:*:1*1:*",
    ];
    (prop::bool::weighted(0.15), some_of(&patterns, 2))
}

fn conditions() -> impl Strategy<Value = Vec<(String, String, Vec<String>)>> {
    let texts =
        || some_of(&["a", "A*", "a*", "?", "${aws:PrincipalTag/T}", "${a:missing}", "${a:missing, 'b'}", "b"], 3);
    let operators = [
        "StringEquals",
        "StringNotEquals",
        "StringLike",
        "StringNotLike",
        "StringEqualsIfExists",
        "StringNotLikeIfExists",
        "ForAnyValue:StringLike",
        "ForAnyValue:StringNotEquals",
        "ForAllValues:StringEquals",
        "ForAllValues:StringNotLike",
        "ForAnyValue:StringEqualsIfExists",
    ];
    let key = || select(owned(&["a:One", "A:many", "a:number", "a:flag"]));
    let text = (select(owned(&operators)), key(), texts());
    let of = |name: &'static str, operators: &[&str], values: &[&str]| {
        let qualified = (select(owned(&["", "ForAllValues:", "ForAnyValue:"])), select(owned(operators)));
        let qualified = (qualified, select(owned(&["", "IfExists"])));
        let operator = qualified.prop_map(move |((set, order), suffix)| {
            let operator =
                if order.starts_with("Not") && name == "IpAddress" { order } else { format!("{name}{order}") };
            format!("{set}{operator}{suffix}")
        });
        (operator, key(), some_of(values, 2))
    };
    let orders = ["Equals", "NotEquals", "LessThan", "LessThanEquals", "GreaterThan", "GreaterThanEquals"].as_slice();
    let number = of("Numeric", orders, &["5", "-1", "4"]);
    let date = of("Date", orders, &["5", "4", "2026-01-01T00:00:00Z"]);
    let address = of("IpAddress", &["", "NotIpAddress"], &["10.0.0.0/8", "10.1.2.3", "10.1.2.128/25", "0.0.0.0/0"]);
    let arns = ["arn:aws:s3:::a*", "arn:*:s3:::${aws:PrincipalTag/T}", "arn:aws:s?:::?", "arn:aws:s3:::*:b"];
    let arn = of("Arn", &["Equals", "Like", "NotEquals", "NotLike"], &arns);
    let binary = of("Binary", &["Equals"], &["QQ==", "YQ=="]);
    let folded = of("String", &["EqualsIgnoreCase", "NotEqualsIgnoreCase"], &["A", "${aws:PrincipalTag/T}", "TRUE"]);
    let flag = of("Bool", &[""], &["true", "false"]);
    let null = (Just("Null".to_owned()), key(), some_of(&["true", "false"], 2));
    let one = prop_oneof![4 => text, 2 => number, 1 => date, 1 => address, 1 => arn, 1 => binary, 1 => folded,
        1 => flag, 1 => null];
    prop::collection::vec(one, 0..3).prop_map(|mut conditions| {
        let mut seen = std::collections::HashSet::new();
        conditions.retain(|(operator, key, _)| seen.insert((operator.clone(), key.clone())));
        conditions
    })
}

fn statement(named: bool) -> BoxedStrategy<Statement> {
    let principal = if named { principals().prop_map(Some).boxed() } else { Just(None).boxed() };
    (prop::bool::weighted(0.25), principal, actions(), resources(), conditions())
        .prop_map(|(deny, principal, action, resource, conditions)| Statement {
            deny,
            principal,
            action,
            resource,
            conditions,
        })
        .boxed()
}

fn statements(named: bool) -> impl Strategy<Value = Document> {
    prop::collection::vec(statement(named), 1..4)
}

fn rcp() -> impl Strategy<Value = Document> {
    let everyone = Some((false, vec!["*".to_owned()]));
    let one = statement(false).prop_map(move |own| Statement {
        deny: true,
        principal: everyone.clone(),
        action: (false, own.action.1),
        ..own
    });
    prop::collection::vec(one, 0..2)
}

fn circumstances() -> impl Strategy<Value = (BTreeMap<String, String>, BTreeMap<String, Vec<String>>)> {
    let value = || {
        select(owned(&[
            "a",
            "b",
            "*",
            "?",
            "A",
            "",
            "4",
            "true",
            "a*",
            "5",
            "2026-01-01T00:00:00Z",
            "1970-01-01T00:00:05Z",
            "10.1.2.3",
            "11.0.0.0",
            "arn:aws:s3:::a",
            "arn:aws:s3:::*",
            "arn:aws:s3:::x:b",
            "QQ==",
            "qq==",
        ]))
    };
    let single = subsequence(owned(&["aws:principaltag/t", "a:one", "a:number", "a:flag"]), 0..=4);
    (single, prop::collection::vec(value(), 4), prop::option::of(prop::collection::vec(value(), 0..3))).prop_map(
        |(names, values, many)| {
            (
                names.into_iter().zip(values).collect(),
                many.map(|many| ("a:many".to_owned(), many)).into_iter().collect(),
            )
        },
    )
}

fn case() -> impl Strategy<Value = Case> {
    let resources =
        ["arn:aws:s3:::a/x", "arn:aws:s3:::b/x", "arn:aws:s3:::a/*", "arn:aws:s3:::*/x", "arn:aws:s3:::aa/y\nz"];
    let resource =
        prop_oneof![5 => select(owned(&resources)), 1 => Just("arn:aws:ec2:r:111111111111:instance/i".to_owned())];
    let request = (
        select(vec![Who::User, Who::Role, Who::Session, Who::FederatedUser, Who::Root, Who::Anonymous]),
        select(owned(&["s3:GetObject", "s3:PutObject", "ec2:Run"])),
        resource,
        any::<bool>(),
        circumstances(),
    );
    let policies = (
        prop::collection::vec(statement(false), 0..4),
        prop::option::of(statements(true)),
        prop::option::weighted(0.3, statements(false)),
        prop::option::weighted(0.3, statements(false)),
        prop::collection::vec(statements(false), 0..2),
        prop::collection::vec(rcp(), 0..2),
    );
    (request, policies).prop_map(|(request, policies)| {
        let (who, action, resource, cross_account, (single, multi)) = request;
        let (identity, resource_policy, boundary, session, scps, rcps) = policies;
        Case {
            who,
            action,
            resource,
            cross_account,
            single,
            multi,
            identity,
            resource_policy,
            boundary,
            session,
            scps,
            rcps,
        }
    })
}

fn parse(kind: Kind, document: &Document) -> Policy {
    let text = reference::render(document);
    Policy::parse_within(&text, kind, 131_072).unwrap_or_else(|error| panic!("{text}: {}", error.reason()))
}

fn answer(case: &Case) -> Outcome {
    let who = match case.who {
        Who::User => super::principal(USER),
        Who::Role => super::principal(ROLE),
        Who::Session => super::principal(SESSION),
        Who::FederatedUser => {
            Principal::FederatedUser { arn: FEDERATED_USER.parse().unwrap(), user_arn: Some(USER.parse().unwrap()) }
        }
        Who::Root => Principal::Root { account: ACCOUNT.parse().unwrap() },
        Who::Anonymous => Principal::Anonymous,
    };
    let mut keys = Keys::new();
    case.single.iter().for_each(|(name, value)| keys.set(name, value.as_str()));
    case.multi.iter().for_each(|(name, values)| keys.set_list(name, values.iter().map(String::as_str)));
    let one = |kind, document: &Option<Document>| document.as_ref().map(|own| [parse(kind, own)]);
    let levels = |kind, documents: &[Document]| -> Vec<Level> {
        documents.iter().map(|own| Level::new("level", vec![parse(kind, own)])).collect()
    };
    let identity: Vec<Policy> =
        Some(&case.identity).filter(|own| !own.is_empty()).map(|own| parse(Kind::Identity, own)).into_iter().collect();
    let resource_policy = case.resource_policy.as_ref().map(|own| parse(Kind::Resource, own));
    let (boundary, session) = (one(Kind::Boundary, &case.boundary), one(Kind::Session, &case.session));
    let (scps, rcps) = (levels(Kind::ServiceControl, &case.scps), levels(Kind::ResourceControl, &case.rcps));
    let mut layers = Layers::new(&identity).with_service_control(&scps).with_resource_control(&rcps);
    if let Some(policy) = &resource_policy {
        layers = layers.with_resource(policy);
    }
    if let Some(policies) = &boundary {
        layers = layers.with_boundary(policies);
    }
    if let Some(policies) = &session {
        layers = layers.with_session(policies);
    }
    let (action, resource): (Action, Resource) = (case.action.parse().unwrap(), case.resource.parse().unwrap());
    let owner: AccountId = if case.cross_account { "222222222222" } else { ACCOUNT }.parse().unwrap();
    let evaluation = evaluate(&layers, &Request::new(&who, &action, &resource, &keys).in_account(&owner));
    // The story must end as the decision did.
    let told = evaluation.explain();
    assert_eq!(told.outcome, evaluation.outcome());
    assert!(!told.reason.is_empty());
    let denied = told.layers.iter().any(|report| report.outcome == Outcome::ExplicitDeny);
    assert_eq!(denied, evaluation.outcome() == Outcome::ExplicitDeny);
    evaluation.outcome()
}

/// Every place of a case that a statement can be added to.
fn with_statement(case: &Case, place: usize, added: &Statement) -> Case {
    let mut case = case.clone();
    let everyone = Some((false, vec!["*".to_owned()]));
    match place {
        0 => case.identity.push(added.clone()),
        1 => case.resource_policy.get_or_insert_default().push(Statement { principal: everyone, ..added.clone() }),
        2 if case.boundary.is_some() => case.boundary.get_or_insert_default().push(added.clone()),
        3 if case.session.is_some() => case.session.get_or_insert_default().push(added.clone()),
        _ => {
            if let Some(level) = case.scps.first_mut() {
                level.push(added.clone());
            }
        }
    }
    case
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn agrees_with_the_reference(case in case()) {
        let ours = format!("{:?}", answer(&case));
        prop_assert_eq!(ours, reference::evaluate(&case));
    }

    #[test]
    fn adding_a_denial_never_allows(case in case(), added in statement(false), place in 0..5_usize) {
        let before = answer(&case);
        let after = answer(&with_statement(&case, place, &Statement { deny: true, ..added }));
        prop_assert!(after == before || after == Outcome::ExplicitDeny, "{:?} became {:?}", before, after);
    }

    #[test]
    fn adding_an_allow_never_denies(case in case(), added in statement(false), place in 0..5_usize) {
        let before = answer(&case);
        let after = answer(&with_statement(&case, place, &Statement { deny: false, ..added }));
        prop_assert!(after == before || after == Outcome::Allow, "{:?} became {:?}", before, after);
    }

    #[test]
    fn the_order_of_statements_does_not_matter(case in case()) {
        let mut turned = case.clone();
        turned.identity.reverse();
        turned.scps.reverse();
        for document in [&mut turned.resource_policy, &mut turned.boundary, &mut turned.session].into_iter().flatten() {
            document.reverse();
        }
        prop_assert_eq!(answer(&case), answer(&turned));
    }

    #[test]
    fn nothing_is_allowed_by_nothing(case in case()) {
        prop_assume!(case.who != Who::Root);
        let bare = Case { identity: vec![], resource_policy: None, ..case };
        prop_assert_ne!(answer(&bare), Outcome::Allow);
    }

    #[test]
    fn a_substituted_value_is_only_ever_itself(value in "[a*?$\\{\\}/:]{0,6}", other in "[a*?$\\{\\}/:]{0,6}") {
        let statement = r#"{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:PrincipalTag/t}"}"#;
        let keys = Keys::new().with("aws:PrincipalTag/t", value.clone());
        let outcome = super::identity(statement, "s3:GetObject", &format!("arn:aws:s3:::b/{other}"), &keys);
        prop_assert_eq!(outcome == Outcome::Allow, value == other);
        let like = super::holds(r#"{"StringLike":{"a:x":"${aws:PrincipalTag/t}"}}"#, &keys.with("a:x", other.clone()));
        prop_assert_eq!(like, value == other);
    }

    #[test]
    fn patterns_agree_with_a_backtracking_matcher(pattern in "[ab*?é]{0,10}", text in "[abé]{0,10}") {
        let statement = format!(r#"{{"StringLike":{{"a:x":"{pattern}"}}}}"#);
        let found = super::holds(&statement, &Keys::new().with("a:x", text.clone()));
        let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
        prop_assert_eq!(found, backtrack(&pattern, &text));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in r#"[\{\}\[\]":,*a-zA-Z0-9$\\ \n]{0,80}"#) {
        for kind in [Kind::Identity, Kind::Trust, Kind::Resource, Kind::ResourceControl] {
            let _ = Policy::parse(&text, kind).map_err(|error| error.reason());
        }
    }

    #[test]
    fn a_damaged_document_is_read_or_refused(case in case(), at in any::<prop::sample::Index>(), with in any::<char>()) {
        let text = reference::render(&case.identity);
        let mut damaged: Vec<char> = text.chars().collect();
        let place = at.index(damaged.len());
        damaged[place] = with;
        let damaged: String = damaged.into_iter().collect();
        if let Err(error) = Policy::parse_within(&damaged, Kind::Identity, 131_072) {
            prop_assert!(!error.reason().is_empty());
        }
    }
}

fn backtrack(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|skip| backtrack(rest, &text[skip..])),
        Some(('?', rest)) => !text.is_empty() && backtrack(rest, &text[1..]),
        Some((wanted, rest)) => text.first() == Some(wanted) && backtrack(rest, &text[1..]),
    }
}
