//! Texts that values are compared with: `*` for any text, and named places whose values become part of a role's ARN.

/// A pattern in which `*` stands for any text, also for none; everything else is itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Glob(String);

impl Glob {
    pub(super) const fn new(text: String) -> Self {
        Self(text)
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it fits everything.
    pub(super) fn is_anything(&self) -> bool {
        self.0.bytes().all(|byte| byte == b'*')
    }

    /// Each piece between the `*`s is looked for once, from left to right: linear in the text, whatever the pattern.
    pub(super) fn matches(&self, text: &str, ignore_case: bool) -> bool {
        if ignore_case {
            return Self(self.0.to_ascii_lowercase()).matches(&text.to_ascii_lowercase(), false);
        }
        let pattern = self.0.as_str();
        let Some((first, rest)) = pattern.split_once('*') else { return pattern == text };
        let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
        text.strip_prefix(first)
            .and_then(|text| text.strip_suffix(last))
            .and_then(|text| {
                middle.split('*').try_fold(text, |text, piece| text.split_once(piece).map(|(_, after)| after))
            })
            .is_some()
    }
}

/// What the places of a [`Captures`] held in one value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Captured<'v> {
    pub(super) account: Option<&'v str>,
    pub(super) role: Option<&'v str>,
}

/// A pattern with the places `{account}` and `{role}`.
///
/// Each place, and each `*`, stands for one segment: at least one character, up to the first one that the pattern has
/// next, or to the end. It is read once, from left to right, and nothing is tried again, so that a value has one reading
/// (attack: a group called `aws#x#Admin#111111111111` inside of another segment). `{account}` holds twelve digits and
/// nothing else, `{role}` the characters of a role's name: neither can bring a colon or a slash into an ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Captures {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Any,
    Account,
    Role,
}

impl Captures {
    /// Reads a pattern; the error says what it must be.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find(['*', '{', '}']) {
            let (plain, from) = rest.split_at_checked(at).unwrap_or((rest, ""));
            if !plain.is_empty() {
                parts.push(Part::Text(plain.to_owned()));
            }
            let places = [("*", Part::Any), ("{account}", Part::Account), ("{role}", Part::Role)];
            let place = places.into_iter().find_map(|(word, part)| from.strip_prefix(word).map(|after| (part, after)));
            let Some((part, after)) = place else { return Err("*, {account} and {role} as the only places") };
            if parts.last().is_some_and(|last| !matches!(last, Part::Text(_))) {
                return Err("a text between any two places");
            }
            if part != Part::Any && parts.contains(&part) {
                return Err("{account} and {role} at most once each");
            }
            parts.push(part);
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        if !parts.contains(&Part::Account) && !parts.contains(&Part::Role) {
            return Err("{account}, {role} or both; a pattern without them belongs into matches");
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn has_account(&self) -> bool {
        self.parts.contains(&Part::Account)
    }

    pub(super) fn has_role(&self) -> bool {
        self.parts.contains(&Part::Role)
    }

    /// Whether the first thing in it is not a text of its author.
    pub(super) fn starts_with_place(&self) -> bool {
        self.parts.first().is_some_and(|first| !matches!(first, Part::Text(_)))
    }

    /// The character that ends `{role}` although names of roles may hold it.
    pub(super) fn cuts_role_at(&self) -> Option<char> {
        let after = self.parts.iter().skip_while(|part| **part != Part::Role).nth(1);
        after.and_then(Part::first).filter(|next| is_role_character(*next))
    }

    /// What the places hold in `value`, if all of it fits.
    pub(super) fn read<'v>(&self, value: &'v str, ignore_case: bool) -> Option<Captured<'v>> {
        let mut captured = Captured::default();
        let mut rest = value;
        let mut parts = self.parts.iter().peekable();
        while let Some(part) = parts.next() {
            if let Part::Text(text) = part {
                rest = strip(rest, text, ignore_case)?;
                continue;
            }
            let same = |next: char, found: char| next == found || (ignore_case && next.eq_ignore_ascii_case(&found));
            let end = match parts.peek().and_then(|next| next.first()) {
                Some(next) => rest.find(|found| same(next, found))?,
                None => rest.len(),
            };
            let (segment, after) = rest.split_at_checked(end).filter(|(segment, _)| !segment.is_empty())?;
            rest = after;
            match part {
                Part::Account if is_account(segment) => captured.account = Some(segment),
                Part::Role if is_role_name(segment) => captured.role = Some(segment),
                Part::Any => {}
                Part::Account | Part::Role | Part::Text(_) => return None,
            }
        }
        rest.is_empty().then_some(captured)
    }
}

impl Part {
    fn first(&self) -> Option<char> {
        match self {
            Self::Text(text) => text.chars().next(),
            Self::Any | Self::Account | Self::Role => None,
        }
    }
}

fn strip<'v>(value: &'v str, text: &str, ignore_case: bool) -> Option<&'v str> {
    let (head, rest) = value.split_at_checked(text.len())?;
    (head == text || (ignore_case && head.eq_ignore_ascii_case(text))).then_some(rest)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether IAM lets a role be called so: 1 to 64 characters of `[\w+=,.@-]`.
pub(super) fn is_role_name(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(is_role_character)
}

fn is_role_character(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_+=,.@-".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "111111111111";

    fn read<'v>(pattern: &str, value: &'v str) -> Option<(Option<&'v str>, Option<&'v str>)> {
        Captures::parse(pattern).unwrap().read(value, false).map(|found| (found.account, found.role))
    }

    #[test]
    fn a_star_stands_for_any_text_and_nothing_else_is_special() {
        let fits = |pattern: &str, text: &str| Glob::new(pattern.to_owned()).matches(text, false);
        for (pattern, text) in [
            ("cats", "cats"),
            ("cats-*", "cats-"),
            ("*-admin", "x-admin-admin"),
            ("*admin*", "database-admins"),
            ("*", ""),
            ("a*b*c", "a-b-b-c"),
            ("a**c", "abc"),
            (".+?[a]", ".+?[a]"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("cats", "Cats"),
            ("cats", "cats "),
            ("a*a", "a"),
            ("a*b*b", "ab"),
            (".at", "cat"),
            ("", "x"),
            ("c?t", "cat"),
        ] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
        assert!(Glob::new("CATS-*".to_owned()).matches("cats-Reader", true));
    }

    #[test]
    fn a_glob_costs_the_same_however_it_is_written() {
        let pattern = Glob::new(format!("{}b", "*a".repeat(5000)));
        assert!(!pattern.matches(&"a".repeat(100_000), false));
    }

    #[test]
    fn places_hold_one_segment_each() {
        let okta = "aws#*#{role}#{account}";
        assert_eq!(read(okta, "aws#photos#PhotoReader#111111111111"), Some((Some(ACCOUNT), Some("PhotoReader"))));
        assert_eq!(read("aws-{account}-{role}", "aws-111111111111-a-b"), Some((Some(ACCOUNT), Some("a-b"))));
        assert_eq!(read("/aws/{role}", "/aws/Reader"), Some((None, Some("Reader"))));
        assert_eq!(read("CN=aws-{role},*", "CN=aws-Reader,OU=Groups,DC=corp"), Some((None, Some("Reader"))));
    }

    #[test]
    fn a_value_of_another_shape_fits_nothing() {
        let okta = "aws#*#{role}#{account}";
        for value in [
            "aws#photos#Admin#11111111111",
            "aws#photos#Admin#1111111111111",
            "aws#photos#Admin#11111111111x",
            "aws#photos#Admin#１１１１１１１１１１１１",
            "aws#photos##111111111111",
            "aws##Admin#111111111111",
            "aws#photos#Admin#111111111111#",
            "aws#photos#Admin#111111111111\n",
            " aws#photos#Admin#111111111111",
            "AWS#photos#Admin#111111111111",
            "aws#photos#x:role/Admin#111111111111",
            "aws#photos#team/Admin#111111111111",
            "aws#photos#Ad*in#111111111111",
            "aws#photos#Ädmin#111111111111",
            // A segment smuggled inside of another has no second reading.
            "aws#x#Guest#aws#y#Admin#111111111111",
            "aws#x#y#Admin#111111111111",
        ] {
            assert_eq!(read(okta, value), None, "{value:?}");
        }
        let long = format!("aws#x#{}#{ACCOUNT}", "r".repeat(65));
        assert_eq!(read(okta, &long), None);
    }

    #[test]
    fn all_of_a_value_must_fit() {
        assert_eq!(read("aws-{account}-x", "aws-111111111111-x"), Some((Some(ACCOUNT), None)));
        assert_eq!(read("aws-{account}-x", "aws-111111111111-xy"), None);
    }

    #[test]
    fn a_pattern_that_has_no_one_reading_is_refused() {
        for pattern in
            ["aws", "{role}{account}", "*{role}", "{role}*", "{role}-{role}", "{group}", "{role", "role}", "**"]
        {
            assert!(Captures::parse(pattern).is_err(), "{pattern}");
        }
        assert_eq!(Captures::parse("AWS-{role}-{account}").unwrap().cuts_role_at(), Some('-'));
        assert_eq!(Captures::parse("aws#{role}#{account}").unwrap().cuts_role_at(), None);
    }
}
