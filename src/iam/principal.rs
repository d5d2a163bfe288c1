//! Users and roles that a trust policy names: stored by their unique ids, shown by their ARNs while these exist.
//!
//! A role that is deleted and made anew under the same name is another one, and is not trusted in the place of the first.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::{Account, Accounts, IamError, User};
use crate::arn::Arn;
use crate::json::{self, Data, Value};
use crate::session::UserIdentity;

/// No narrower than those of policy documents: what is not read here would be stored as it is written.
const LIMITS: json::Limits = json::Limits { bytes: 4 * 131_072, depth: 32, values: 65_536 };

/// An account that does not change any more, with its users and roles by their unique ids, once somebody asks for one.
#[derive(Debug)]
pub(super) struct Snapshot {
    account: Arc<Account>,
    by_unique_id: OnceLock<HashMap<String, Arn>>,
}

impl Snapshot {
    pub(super) fn of(account: Account) -> Self {
        Self { account: Arc::new(account), by_unique_id: OnceLock::new() }
    }

    pub(super) const fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// The user or role that has this unique id, by its ARN.
    pub(super) fn arn_of(&self, unique_id: &str) -> Option<&Arn> {
        let index = || self.account.principals().map(|(id, arn)| (id.to_owned(), arn.clone())).collect();
        self.by_unique_id.get_or_init(index).get(unique_id)
    }

    /// The user of this unique id, whatever the name is by now.
    pub(super) fn same(&self, identity: &UserIdentity) -> Option<&Arc<User>> {
        let named = |name: &str| self.account.users.find(name).filter(|user| user.id.as_str() == identity.user_id);
        // Few users have another name than their sessions know.
        named(&identity.user_name).or_else(|| named(self.arn_of(&identity.user_id)?.resource().rsplit('/').next()?))
    }
}

/// The document with the unique id of each user and role in the place of its ARN; what it says otherwise stays as written.
pub(super) fn stored(text: &str, account: &Account, elsewhere: &Accounts) -> Result<String, IamError> {
    let invalid = |principal: &str| IamError::InvalidPrincipal { principal: principal.to_owned() };
    rewritten(text, |principal| {
        if is_unique_id(principal) {
            // One of this account may have been made or removed since `elsewhere` was read.
            let own = account.arn_of_id(principal).is_some();
            let exists = own || elsewhere.arn_of(principal).is_some_and(|arn| arn.account() != account.id.as_str());
            return if exists { Ok(None) } else { Err(invalid(principal)) };
        }
        let Some(arn) = named(principal) else { return Ok(None) };
        let home = arn.account_id().ok().filter(|id| *id != account.id);
        let id = match home {
            Some(id) => elsewhere.find(&id).and_then(|other| other.id_of(&arn)),
            None => account.id_of(&arn),
        };
        id.map(Some).ok_or_else(|| invalid(principal))
    })
}

/// The document as it is shown: with the ARN of each user and role that still exists.
pub(super) fn shown(text: &str, accounts: &Accounts) -> String {
    let arn = |id: &str| is_unique_id(id).then(|| accounts.arn_of(id)).flatten().map(ToString::to_string);
    let shown = rewritten(text, |principal| Ok::<_, IamError>(arn(principal)));
    shown.unwrap_or_else(|_| text.to_owned())
}

fn is_unique_id(principal: &str) -> bool {
    ["AIDA", "AROA"].iter().any(|prefix| principal.starts_with(prefix))
}

/// The ARN of a user or role; none for accounts, sessions, ids and wildcards.
fn named(principal: &str) -> Option<Arn> {
    let arn: Arn = principal.parse().ok()?;
    let kind = arn.resource().split_once('/').map(|(kind, _)| kind);
    let fits = arn.service() == "iam" && matches!(kind, Some("user" | "role")) && !principal.contains(['*', '?']);
    fits.then_some(arn)
}

/// Replaces the principals under `AWS` for which there is something else.
fn rewritten(
    text: &str,
    mut replace: impl FnMut(&str) -> Result<Option<String>, IamError>,
) -> Result<String, IamError> {
    // What is no JSON is refused by whoever compiles the document, who says where it goes wrong.
    let Ok(document) = json::parse(text.as_bytes(), LIMITS) else { return Ok(text.to_owned()) };
    let mut found = Vec::new();
    for statement in document.member("Statement").into_iter().flat_map(each) {
        let elements = ["Principal", "NotPrincipal"].into_iter().filter_map(|name| statement.member(name));
        found.extend(elements.filter_map(|element| element.member("AWS")).flat_map(each));
    }
    let mut edits: Vec<(Range<usize>, String)> = Vec::new();
    for value in found {
        if let Some(principal) = value.as_str()
            && let Some(other) = replace(principal)?
        {
            edits.extend(literal(text, value).map(|range| (range, format!("\"{other}\""))));
        }
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut rewritten = text.to_owned();
    for (range, other) in edits.into_iter().rev() {
        rewritten.replace_range(range, &other);
    }
    Ok(rewritten)
}

fn each<'v, 'd>(value: &'v Value<'d>) -> Vec<&'v Value<'d>> {
    match &value.data {
        Data::Array(items) => items.iter().collect(),
        _ => vec![value],
    }
}

/// The bytes of a string with its quotes.
fn literal(text: &str, value: &Value<'_>) -> Option<Range<usize>> {
    let line = usize::try_from(value.at.line).ok()?.checked_sub(1)?;
    let column = usize::try_from(value.at.column).ok()?.checked_sub(1)?;
    let line_start = match line {
        0 => 0,
        _ => text.match_indices('\n').nth(line.checked_sub(1)?)?.0.checked_add(1)?,
    };
    let start = line_start.checked_add(text.get(line_start..)?.char_indices().nth(column)?.0)?;
    let mut characters = text.get(start..)?.char_indices().skip(1);
    loop {
        match characters.next()? {
            (_, '\\') => drop(characters.next()?),
            (at, '"') => return Some(start..start.checked_add(at)?.checked_add(1)?),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_principals_under_aws_are_rewritten_and_nothing_else_moves() {
        let text = "{\"Version\": \"2012-10-17\",\n \"Statement\": [{\"Effect\": \"Allow\",\n  \"Principal\": {\"AWS\": \
                    [\"é\\u0041\", \"one\"], \"Federated\": \"one\"}, \"Action\": \"sts:AssumeRole\",\n  \"Condition\": \
                    {\"StringEquals\": {\"aws:PrincipalArn\": \"one\"}}}]}";
        let rewritten = rewritten(text, |principal| Ok((principal == "one").then(|| "two".to_owned()))).unwrap();
        assert_eq!(rewritten, text.replacen("\"one\"", "\"two\"", 1));
        let single = r#"{"Statement": {"Principal": {"AWS": "one"}, "NotPrincipal": "*"}}"#;
        assert_eq!(super::rewritten(single, |_| Ok(Some("x".to_owned()))).unwrap(), single.replace("one", "x"));
    }

    #[test]
    fn users_and_roles_alone_have_ids() {
        for principal in ["*", "111111111111", "arn:aws:iam::111111111111:root", "AROAABCDEFGHIJKLMNOPQ"] {
            assert!(named(principal).is_none(), "{principal}");
        }
        assert!(named("arn:aws:sts::111111111111:assumed-role/a/b").is_none());
        assert!(named("arn:aws:iam::111111111111:role/*").is_none());
        assert!(named("arn:aws:iam::111111111111:role/team/a").is_some());
    }
}
