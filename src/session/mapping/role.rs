//! The roles that a rule gives: ARNs, in which the account and the name may be what a value captured.

use super::pattern::{Captured, is_role_name};
use crate::arn::Arn;

const ACCOUNT: &str = "{account}";
const ROLE: &str = "{role}";

/// The ARN of a role, or a form that a captured account and name complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RoleTemplate(String);

impl RoleTemplate {
    /// Reads a template; the error says what it must be.
    ///
    /// `{account}` may only be the whole account, and `{role}` only stand in the name, after the last slash: the path and
    /// the partition are the operator's.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let expected = "the ARN of a role, such as arn:aws:iam::111111111111:role/PhotoReader; only the account may be \
                        {account}, and only the name hold {role}";
        let sample = text.replacen("::{account}:", "::111111111111:", 1);
        let (path, name) = sample.rsplit_once('/').ok_or(expected)?;
        let sample = format!("{path}/{}", name.replacen(ROLE, "r", 1));
        // What is left of the places would be part of the ARN.
        if sample.contains(['{', '}', '*', '?']) {
            return Err(expected);
        }
        let arn: Arn = sample.parse().map_err(|_| expected)?;
        let template = Self(text.to_owned());
        if template.accepts(&arn) { Ok(template) } else { Err(expected) }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn needs_account(&self) -> bool {
        self.0.contains(ACCOUNT)
    }

    pub(super) fn needs_role(&self) -> bool {
        self.0.contains(ROLE)
    }

    /// The role, with what was captured in its places; none when it would have no name that a role can have.
    pub(super) fn fill(&self, captured: Captured<'_>) -> Option<Arn> {
        let filled = self.0.replacen(ACCOUNT, captured.account.unwrap_or(ACCOUNT), 1);
        let filled = filled.replacen(ROLE, captured.role.unwrap_or(ROLE), 1);
        filled.parse().ok().filter(|arn| self.accepts(arn))
    }

    fn accepts(&self, arn: &Arn) -> bool {
        let path = arn.resource().bytes().all(|byte| (0x21..0x7f).contains(&byte)) && !arn.resource().contains("//");
        path && arn.region().is_empty() && arn.account_id().is_ok() && arn.role_name().is_ok_and(is_role_name)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::pattern::Captures;
    use super::*;

    proptest! {
        /// Whatever a group is called, the role it gives is in the operator's partition, service and path.
        #[test]
        fn no_group_name_brings_more_than_an_account_and_a_name_into_an_arn(
            group in "(aws#)?[a#:/*{}\\\\ -]{0,6}#?[A-Za-z0-9#:/{}*.é-]{0,20}#?(1{12}|[0-9#]{0,14})",
        ) {
            let captures = Captures::parse("aws#{role}#{account}").unwrap();
            let template = RoleTemplate::parse("arn:aws:iam::{account}:role/federated/{role}").unwrap();
            if let Some(arn) = captures.read(&group, false).and_then(|captured| template.fill(captured)) {
                let (account, name) = (arn.account_id().unwrap(), arn.role_name().unwrap());
                prop_assert!(is_role_name(name));
                prop_assert_eq!(arn.to_string(), format!("arn:aws:iam::{account}:role/federated/{name}"));
                prop_assert_eq!(group, format!("aws#{name}#{account}"));
            }
        }
    }

    fn fill(template: &str, account: Option<&str>, role: Option<&str>) -> Option<String> {
        RoleTemplate::parse(template).unwrap().fill(Captured { account, role }).map(|arn| arn.to_string())
    }

    #[test]
    fn places_are_filled_and_the_rest_stays() {
        let reader = "arn:aws:iam::111111111111:role/Reader";
        assert_eq!(fill(reader, None, None).as_deref(), Some(reader));
        let both = "arn:aws-cn:iam::{account}:role/team/okta-{role}";
        assert_eq!(
            fill(both, Some("111111111111"), Some("Reader")).as_deref(),
            Some("arn:aws-cn:iam::111111111111:role/team/okta-Reader")
        );
        assert_eq!(fill(both, Some("111111111111"), Some(&"r".repeat(60))), None, "the whole name is too long");
        assert_eq!(fill(both, None, Some("Reader")), None);
    }

    #[test]
    fn only_roles_and_only_their_account_and_name_are_templates() {
        for text in [
            "PhotoReader",
            "arn:aws:iam::111111111111:user/martha",
            "arn:aws:iam::11111111111:role/Reader",
            "arn:aws:iam:eu-west-1:111111111111:role/Reader",
            "arn:aws:sts::111111111111:assumed-role/Reader/martha",
            "arn:aws:iam::111111111111:role/",
            "arn:aws:iam::111111111111:role/*",
            "arn:aws:iam::111111111111:role/Rea der",
            "arn:aws:iam::1111{account}:role/Reader",
            "arn:{account}:iam::111111111111:role/Reader",
            "arn:aws:iam::111111111111:role/{role}/Reader",
            "arn:aws:iam::111111111111:role/{group}",
            "arn:aws:iam::111111111111:role/{role}{role}",
            "arn:aws:iam::{role}:role/Reader",
        ] {
            assert!(RoleTemplate::parse(text).is_err(), "{text}");
        }
    }
}
