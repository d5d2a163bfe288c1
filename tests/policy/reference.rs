//! A slow and obvious evaluator: it reads the rules off one at a time and shares no code with the crate.
//!
//! It speaks of a model instead of JSON, so that a document which the crate reads differently from how it was meant
//! shows as a difference too.

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "111111111111";

#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) deny: bool,
    pub(crate) principal: Option<(bool, Vec<String>)>,
    pub(crate) action: (bool, Vec<String>),
    pub(crate) resource: (bool, Vec<String>),
    pub(crate) conditions: Vec<(String, String, Vec<String>)>,
}

pub(crate) type Document = Vec<Statement>;

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) who: Who,
    pub(crate) action: String,
    pub(crate) resource: String,
    pub(crate) cross_account: bool,
    pub(crate) single: BTreeMap<String, String>,
    pub(crate) multi: BTreeMap<String, Vec<String>>,
    pub(crate) identity: Document,
    pub(crate) resource_policy: Option<Document>,
    pub(crate) boundary: Option<Document>,
    pub(crate) session: Option<Document>,
    pub(crate) scps: Vec<Document>,
    pub(crate) rcps: Vec<Document>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Who {
    User,
    Role,
    Session,
    FederatedUser,
    Root,
    Anonymous,
}

pub(crate) const USER: &str = "arn:aws:iam::111111111111:user/martha";
pub(crate) const ROLE: &str = "arn:aws:iam::111111111111:role/reader";
pub(crate) const FEDERATED_USER: &str = "arn:aws:sts::111111111111:federated-user/bob";
pub(crate) const SESSION: &str = "arn:aws:sts::111111111111:assumed-role/reader/martha";

/// The JSON of a document.
pub(crate) fn render(document: &Document) -> String {
    let statements: Vec<Value> = document.iter().map(render_statement).collect();
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn render_statement(statement: &Statement) -> Value {
    let name = |not: bool, name: &str| format!("{}{name}", if not { "Not" } else { "" });
    let mut object = serde_json::Map::new();
    object.insert("Effect".into(), json!(if statement.deny { "Deny" } else { "Allow" }));
    if let Some((not, names)) = &statement.principal {
        object.insert(name(*not, "Principal"), json!({"AWS": names}));
    }
    object.insert(name(statement.action.0, "Action"), json!(statement.action.1));
    object.insert(name(statement.resource.0, "Resource"), json!(statement.resource.1));
    let mut block = serde_json::Map::new();
    for (operator, key, values) in &statement.conditions {
        let keys = block.entry(operator.clone()).or_insert_with(|| json!({}));
        keys[key] = json!(values);
    }
    object.insert("Condition".into(), Value::Object(block));
    Value::Object(object)
}

/// `Allow`, `ExplicitDeny` or `ImplicitDeny`.
pub(crate) fn evaluate(case: &Case) -> &'static str {
    let has_account = case.who != Who::Anonymous;
    let scps: &[Document] = if has_account { &case.scps } else { &[] };
    let single = |document: &Option<Document>| document.iter().cloned().collect::<Vec<_>>();
    let mut everything = vec![case.identity.clone()];
    for more in
        [single(&case.resource_policy), single(&case.boundary), single(&case.session), scps.to_vec(), case.rcps.clone()]
    {
        everything.extend(more);
    }
    if everything.iter().flatten().any(|own| own.deny && applies(own, case).is_some()) {
        return "ExplicitDeny";
    }
    let allows = |document: &Document| document.iter().any(|own| !own.deny && applies(own, case).is_some());
    if !scps.iter().all(allows) {
        return "ImplicitDeny";
    }
    let grants = case.resource_policy.iter().flatten().filter(|own| !own.deny).filter_map(|own| applies(own, case));
    let granted = grants.max_by_key(|grant| ["account", "limited", "direct"].iter().position(|own| own == grant));
    let identity = allows(&case.identity) || case.who == Who::Root;
    let boundary = case.boundary.as_ref().is_none_or(allows);
    let session = case.session.as_ref().is_none_or(allows);
    let by_identity = identity && boundary && session;
    let allowed = match (has_account, case.cross_account) {
        (false, _) => granted.is_some(),
        (true, true) => granted.is_some() && by_identity,
        (true, false) => match granted {
            Some("direct") => true,
            Some("limited") => boundary && session,
            _ => by_identity,
        },
    };
    if allowed { "Allow" } else { "ImplicitDeny" }
}

/// How a statement applies, if it does: as naming the account, the role of a session, or the principal itself.
fn applies(statement: &Statement, case: &Case) -> Option<&'static str> {
    let (not, actions) = &statement.action;
    // In doubt a pattern names nothing that is let in by it, and all it looks like of what is kept out.
    let named = actions.iter().any(|pattern| action_matches(pattern, &case.action, statement.deny != *not));
    if named == *not {
        return None;
    }
    let (not, resources) = &statement.resource;
    let unsettled = resources.iter().any(|pattern| symbols(pattern, case, true).is_none());
    let named = resources.iter().any(|pattern| resource_matches(pattern, case, statement.deny != *not));
    if named == *not || (*not && !statement.deny && unsettled) {
        return None;
    }
    let grant = match &statement.principal {
        None => "direct",
        Some((false, names)) => strongest(names, case.who)?,
        Some((true, _)) if statement.deny && case.boundary.is_some() => "direct",
        Some((true, names)) => match strongest(names, case.who) {
            None => "direct",
            // Whoever is named by another name only, as the account or the role, is denied.
            Some("limited") if statement.deny && matches!(case.who, Who::Role | Who::Root) => return None,
            Some("account" | "limited") if statement.deny => "direct",
            Some(_) => return None,
        },
    };
    statement.conditions.iter().all(|(operator, key, values)| holds(operator, key, values, case)).then_some(grant)
}

fn strongest(names: &[String], who: Who) -> Option<&'static str> {
    let of = |name: &str| match (name, who) {
        ("*", _) | (USER, Who::User) | (SESSION, Who::Session) | (FEDERATED_USER, Who::FederatedUser) => Some("direct"),
        (ROLE, Who::Role | Who::Session) | (USER, Who::FederatedUser) | (ACCOUNT, Who::Root) => Some("limited"),
        (ACCOUNT, Who::User | Who::Role | Who::Session | Who::FederatedUser) => Some("account"),
        _ => None,
    };
    let found: Vec<_> = names.iter().filter_map(|name| of(name)).collect();
    ["direct", "limited", "account"].into_iter().find(|grant| found.contains(grant))
}

#[derive(Clone, Copy)]
enum Symbol {
    Character(char),
    AnyOne,
    Any,
}

/// A pattern as symbols, its variables replaced; none when one of them has no value.
fn symbols(pattern: &str, case: &Case, wildcards: bool) -> Option<Vec<Symbol>> {
    let mut out = Vec::new();
    let mut rest = pattern;
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix("${") {
            let (name, after) = inside.split_once('}').unwrap();
            let (key, default) = match name.split_once(", ") {
                Some((key, default)) => (key, Some(default.trim_matches('\'').to_owned())),
                None => (name, None),
            };
            let value = match name {
                "*" | "?" | "$" => name.to_owned(),
                _ => case.single.get(&key.to_lowercase()).cloned().or(default)?,
            };
            out.extend(value.chars().map(Symbol::Character));
            rest = after;
            continue;
        }
        let character = rest.chars().next().unwrap();
        out.push(match character {
            '*' if wildcards => Symbol::Any,
            '?' if wildcards => Symbol::AnyOne,
            other => Symbol::Character(other),
        });
        rest = &rest[character.len_utf8()..];
    }
    Some(out)
}

fn glob(symbols: &[Symbol], text: &[char]) -> bool {
    match symbols.split_first() {
        None => text.is_empty(),
        Some((Symbol::Any, rest)) => (0..=text.len()).any(|skip| glob(rest, &text[skip..])),
        Some((Symbol::AnyOne, rest)) => !text.is_empty() && glob(rest, &text[1..]),
        Some((Symbol::Character(wanted), rest)) => text.first() == Some(wanted) && glob(rest, &text[1..]),
    }
}

fn fits(pattern: &str, text: &str, case: &Case, wildcards: bool) -> bool {
    let text: Vec<char> = text.chars().collect();
    symbols(pattern, case, wildcards).is_some_and(|symbols| glob(&symbols, &text))
}

fn action_matches(pattern: &str, action: &str, in_doubt: bool) -> bool {
    let (pattern, action) = (pattern.to_lowercase(), action.to_lowercase());
    if pattern == "*" {
        return true;
    }
    let symbols = |text: &str| -> Vec<Symbol> {
        let symbol = |character| match character {
            '*' => Symbol::Any,
            '?' => Symbol::AnyOne,
            other => Symbol::Character(other),
        };
        text.chars().map(symbol).collect()
    };
    let (service, name) = pattern.split_once(':').unwrap();
    if service.contains(['*', '?']) {
        return in_doubt && glob(&symbols(&pattern), &action.chars().collect::<Vec<_>>());
    }
    let (own_service, own_name) = action.split_once(':').unwrap();
    service == own_service && glob(&symbols(name), &own_name.chars().collect::<Vec<_>>())
}

fn resource_matches(pattern: &str, case: &Case, in_doubt: bool) -> bool {
    if pattern == "*" {
        return true;
    }
    let wild = |text: &str| text.contains(['*', '?']);
    let of_type = pattern.splitn(6, ':').nth(5).unwrap().split_once(['/', ':']).map_or("", |(of_type, _)| of_type);
    let service = pattern.split(':').nth(2).unwrap();
    if wild(service) || (wild(of_type) && service == "ec2") {
        return in_doubt && fits(pattern, &case.resource, case, true);
    }
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    let own: Vec<&str> = case.resource.splitn(6, ':').collect();
    parts.len() == own.len() && parts.iter().zip(&own).all(|(part, own)| fits(part, own, case, true))
}

fn holds(operator: &str, key: &str, values: &[String], case: &Case) -> bool {
    let key = key.to_lowercase();
    let (set, operator) = match operator.split_once(':') {
        Some((set, operator)) => (set, operator),
        None => ("", operator),
    };
    let (operator, if_exists) = operator.strip_suffix("IfExists").map_or((operator, false), |own| (own, true));
    let list = case.multi.get(&key).filter(|list| !list.is_empty());
    let found: Option<Vec<String>> = list.cloned().or_else(|| case.single.get(&key).map(|value| vec![value.clone()]));
    if operator == "Null" {
        return values.iter().any(|value| (value == "true") == found.is_none());
    }
    let negated = operator.contains("Not");
    let Some(found) = found else {
        return if_exists || set == "ForAllValues" || (set.is_empty() && negated);
    };
    let pair = |own: &String| {
        values.iter().any(|value| compare(&operator.replacen("Not", "", 1), value, own, case)) != negated
    };
    match set {
        "ForAllValues" => found.iter().all(pair),
        "ForAnyValue" => found.iter().any(pair),
        _ => list.is_none() && found.iter().all(pair),
    }
}

fn compare(operator: &str, wanted: &str, found: &str, case: &Case) -> bool {
    let (family, order) = match operator.find("Less").or(operator.find("Greater")).or(operator.find("Equals")) {
        Some(at) => operator.split_at(at),
        None => (operator, ""),
    };
    match (family, order) {
        ("String", "EqualsIgnoreCase") => {
            let lower = |text: &str| text.to_lowercase();
            symbols(wanted, case, false).is_some_and(|symbols| {
                let whole: String =
                    symbols.iter().map(|own| if let Symbol::Character(own) = own { *own } else { '\0' }).collect();
                lower(&whole) == lower(found)
            })
        }
        ("String", _) => fits(wanted, found, case, false),
        ("StringLike", _) => fits(wanted, found, case, true),
        ("Bool", _) => found == wanted && ["true", "false"].contains(&found),
        ("Binary", _) => found == wanted,
        ("Numeric", _) => is_ordered(order, found.parse::<i64>().ok(), wanted.parse().unwrap()),
        ("Date", _) => is_ordered(order, seconds(found), seconds(wanted).unwrap()),
        ("IpAddress", _) => address(found).is_some_and(|own| in_network(own, wanted)),
        ("Arn" | "ArnLike", _) => {
            let (wanted, found): (Vec<_>, Vec<_>) = (wanted.splitn(6, ':').collect(), found.splitn(6, ':').collect());
            found.len() == 6 && wanted.iter().zip(&found).all(|(wanted, found)| fits(wanted, found, case, true))
        }
        _ => panic!("the reference has no operator {operator}"),
    }
}

fn is_ordered(order: &str, found: Option<i64>, wanted: i64) -> bool {
    found.is_some_and(|found| match order {
        "Equals" => found == wanted,
        "LessThan" => found < wanted,
        "LessThanEquals" => found <= wanted,
        "GreaterThan" => found > wanted,
        "GreaterThanEquals" => found >= wanted,
        other => panic!("the reference has no order {other}"),
    })
}

/// Two ways to write few moments.
fn seconds(text: &str) -> Option<i64> {
    match text {
        "2026-01-01T00:00:00Z" => Some(1_767_225_600),
        "1970-01-01T00:00:05Z" => Some(5),
        digits => digits.parse().ok().filter(|_| !digits.starts_with('-')),
    }
}

fn address(text: &str) -> Option<u32> {
    let parts: Vec<u32> = text.split('.').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    (parts.len() == 4).then(|| parts.iter().fold(0, |sum, part| sum * 256 + part))
}

fn in_network(own: u32, network: &str) -> bool {
    let (base, bits) = network.split_once('/').unwrap_or((network, "32"));
    let apart: u32 = 32 - bits.parse::<u32>().unwrap();
    u64::from(own) >> apart == u64::from(address(base).unwrap()) >> apart
}
