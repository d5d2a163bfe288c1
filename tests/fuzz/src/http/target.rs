//! Bodies of the query protocol, as STS and IAM read them. A finding: parameters that a second reader of forms reads
//! otherwise, or refuses where they are accepted; accepted parameters that are others when they are written anew; a list
//! that is read where members are missing or left over, or not read where none is; a value that breaks its constraint and
//! passes; a message without bound, or one that repeats a secret.

use std::collections::{BTreeMap, BTreeSet};

use super::query::{Constraints, Query};
use crate::judge::in_time;

/// The most parameters of a call of STS, and of IAM.
const MOST: [usize; 2] = [256, 2048];
/// As many lists of one body are read.
const MOST_LISTS: usize = 16;
/// What a message repeats of a value, and what it says besides.
const LONGEST_MESSAGE: usize = 4 * 200 + 1000;

type Form = BTreeMap<String, String>;

/// Reads `data` as a body, its lists as lists, and holds some parameters to constraints.
pub fn target(data: &[u8]) {
    let expected = form(data);
    for most in MOST {
        let expected = expected.as_ref().filter(|form| form.len() <= most);
        match in_time(data, || Query::parse(data, most)) {
            Err(error) => {
                assert!(expected.is_none(), "refused: {error}");
                assert!(error.to_string().len() <= LONGEST_MESSAGE, "a message without bound");
            }
            Ok(query) => {
                let form = expected.expect("parameters that another reader refuses");
                same(&query, form);
                // Whatever order they come in, and however they are written.
                let written = written(form.iter().rev());
                same(&Query::parse(written.as_bytes(), most).expect("the same parameters"), form);
                in_time(data, || lists(&query, form));
                constraints(&query, form);
            }
        }
    }
}

fn same(query: &Query, form: &Form) {
    assert!(form.iter().all(|(name, value)| query.value(name) == Some(value)), "another value");
    let names: BTreeSet<&String> = form.keys().collect();
    assert_eq!(format!("{query:?}"), format!("{names:?}"), "other names");
}

/// The parameters of a form; none when one is given twice.
fn form(data: &[u8]) -> Option<Form> {
    let mut form = Form::new();
    for part in data.split(|byte| *byte == b'&').filter(|part| !part.is_empty()) {
        let middle = part.iter().position(|byte| *byte == b'=');
        let (name, value) = middle.map_or((part, &[][..]), |at| (&part[..at], &part[at + 1..]));
        if form.insert(decoded(name), decoded(value)).is_some() {
            return None;
        }
    }
    Some(form)
}

fn decoded(text: &[u8]) -> String {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let (mut bytes, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let escaped = digit(text.get(at + 1)).zip(digit(text.get(at + 2))).filter(|_| text[at] == b'%');
        if let Some((high, low)) = escaped {
            bytes.push((high * 16 + low) as u8);
            at += 3;
        } else {
            bytes.push(if text[at] == b'+' { b' ' } else { text[at] });
            at += 1;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn written<'a>(parameters: impl Iterator<Item = (&'a String, &'a String)>) -> String {
    let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    let parts: Vec<_> = parameters.map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    parts.join("&")
}

fn lists(query: &Query, form: &Form) {
    let names: BTreeSet<&str> = form.keys().filter_map(|name| Some(name.split_once('.')?.0)).collect();
    for name in names.into_iter().take(MOST_LISTS) {
        let start = format!("{name}.");
        let rest: BTreeSet<&str> = form.keys().filter_map(|own| own.strip_prefix(&start)).collect();
        assert!(query.any_of(name).is_some(), "a list that is not seen");
        let value = |rest: String| form[&format!("{name}.{rest}")].as_str();
        let expected: BTreeSet<String> = (1..=rest.len()).map(|number| format!("member.{number}")).collect();
        match query.members(name) {
            Ok(members) => {
                let asked: Vec<_> = (1..=rest.len()).map(|number| value(format!("member.{number}"))).collect();
                assert_eq!(members, asked, "members in another order");
            }
            Err(_) => assert!(!expected.iter().map(String::as_str).eq(rest.iter().copied()), "a whole list is refused"),
        }
        let fields = |number| ["Key", "Value"].map(|field| format!("member.{number}.{field}"));
        let expected: BTreeSet<String> = (1..=rest.len() / 2).flat_map(fields).collect();
        match query.pairs(name, "Key", "Value") {
            Ok(pairs) => {
                let asked: Vec<_> = (1..=rest.len() / 2).map(|number| fields(number).map(value).into()).collect();
                assert_eq!(pairs, asked, "pairs in another order");
            }
            Err(_) => assert!(!expected.iter().map(String::as_str).eq(rest.iter().copied()), "whole pairs are refused"),
        }
        let numbers: Option<BTreeSet<usize>> = rest.iter().map(|rest| number(rest)).collect();
        let whole = numbers.filter(|numbers| numbers.iter().copied().eq(1..=numbers.len()));
        assert_eq!(query.structures(name).ok().map(|places| places.len()), whole.map(|numbers| numbers.len()));
    }
}

/// The number of a structure, of what follows the name of the list: `member.2.Key` is of the second.
fn number(rest: &str) -> Option<usize> {
    let (text, _) = rest.strip_prefix("member.")?.split_once('.')?;
    text.parse().ok().filter(|number: &usize| number.to_string() == text)
}

fn constraints(query: &Query, form: &Form) {
    let (name, token) = (form.get("RoleArn"), form.get("TokenCode"));
    let long = |text: &String, (least, most)| (least..=most).contains(&text.chars().count());
    let mut named = Constraints::default();
    named.required(query, "RoleArn", (20, 2048));
    let whole = name.is_some_and(|name| long(name, (20, 2048)));
    bounded(named, whole);

    let mut secret = Constraints::default();
    secret.length("TokenCode", query.value("TokenCode"), (6, 6));
    let whole = token.is_none_or(|token| long(token, (6, 6)));
    let message = bounded(secret, whole);
    let repeated = token.is_some_and(|token| token.len() > 80 && message.contains(token.as_str()));
    assert!(!repeated, "a secret is repeated");

    let mut number = Constraints::default();
    let seconds = number.seconds(query, "DurationSeconds", 900, 43_200);
    let whole = form.get("DurationSeconds").is_none_or(|_| seconds.is_some_and(|own| (900..=43_200).contains(&own)));
    bounded(number, whole);

    let mut chosen = Constraints::default();
    chosen.one_of(query, "Status", &["Active", "Inactive"]);
    let whole = form.get("Status").is_none_or(|status| status == "Active" || status == "Inactive");
    bounded(chosen, whole);
}

/// That constraints are kept when `whole`, and only then; the message, which is bounded.
fn bounded(constraints: Constraints, whole: bool) -> String {
    let message = constraints.finish().err().map(|error| error.to_string());
    assert_eq!(message.is_none(), whole, "{message:?}");
    let message = message.unwrap_or_default();
    assert!(message.len() <= LONGEST_MESSAGE, "a message without bound");
    message
}
