//! How much of a session's room its policies and tags take together (`PackedPolicySize`).
//!
//! STS does not say how it packs them. What is counted here meets the figures that it was recorded to answer: a tag takes its
//! key and its value, a byte or two for the length of each and one more where it is transitive; policies are packed as
//! dictionary coders pack them, without white space, and against the words that every policy has.

use std::collections::{BTreeMap, HashMap};

use super::{SessionError, SessionPolicies};
use crate::arn::Arn;

/// The room, in bytes.
const ROOM: usize = 461;
/// What stands around packed policies, in bytes.
const AROUND_POLICIES: usize = 9;
/// The shortest run of bytes that is worth a reference to where it stood before.
const SHORTEST_RUN: usize = 4;
/// What such a reference takes, in bytes.
const REFERENCE: usize = 3;
/// What policies are made of, which costs no more than a reference the first time either.
const WORDS: &str = r#""Condition":{"NotAction":"NotResource":"Deny","Sid":"arn:aws:{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["*"],"Resource":"*"}]}"#;

/// What the policies and the tags of one session take of the room they share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedSize {
    policies: usize,
    tags: usize,
}

impl PackedSize {
    /// The size of session policies, and of tags by key with those that are carried into further roles.
    pub(super) fn of(policies: &SessionPolicies, tags: &BTreeMap<String, String>, transitive: &[String]) -> Self {
        Self { policies: policies_size(policies), tags: tags_size(tags, transitive) }
    }

    /// Whether there is nothing to pack.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.policies == 0 && self.tags == 0
    }

    /// The part of the room that is taken, in percent rounded up; STS reports it as `PackedPolicySize`.
    #[must_use]
    pub const fn percent(self) -> usize {
        self.policies.saturating_add(self.tags).saturating_mul(100).div_ceil(ROOM)
    }

    /// Sees that both fit.
    ///
    /// # Errors
    /// [`SessionError::PackedPolicy`] with policies, [`SessionError::PackedTags`] without any.
    pub(super) const fn verify(self) -> Result<(), SessionError> {
        match self.percent() {
            0..=100 => Ok(()),
            percent if self.policies > 0 => Err(SessionError::PackedPolicy { percent }),
            percent => Err(SessionError::PackedTags { percent }),
        }
    }
}

fn tags_size(tags: &BTreeMap<String, String>, transitive: &[String]) -> usize {
    let carried = transitive.iter().filter(|key| tags.contains_key(*key)).count();
    let texts = tags.iter().flat_map(|(key, value)| [key.len(), value.len()]);
    texts.map(|length| length.saturating_add(if length < 128 { 1 } else { 2 })).sum::<usize>().saturating_add(carried)
}

fn policies_size(policies: &SessionPolicies) -> usize {
    if policies.is_empty() {
        return 0;
    }
    let mut text: String = policies.texts().iter().map(|text| without_white_space(text)).collect();
    text.extend(policies.managed().iter().map(Arn::as_str));
    packed_length(&text).saturating_add(AROUND_POLICIES)
}

/// A document without the white space between its tokens.
fn without_white_space(text: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let is_kept = |character: &char| {
        let kept = quoted || !character.is_ascii_whitespace();
        quoted ^= *character == '"' && !escaped;
        escaped = quoted && *character == '\\' && !escaped;
        kept
    };
    text.chars().filter(is_kept).collect()
}

/// How long a text is when whatever stood before, in it or in [`WORDS`], is referred to (LZ77): each byte is looked at once.
fn packed_length(text: &str) -> usize {
    let bytes: Vec<u8> = WORDS.bytes().chain(text.bytes()).collect();
    let rest = |place: usize| bytes.get(place..).unwrap_or_default();
    let mut seen: HashMap<&[u8], usize> = HashMap::new();
    let (mut place, mut length, mut noted) = (WORDS.len(), 0_usize, 0);
    while place < bytes.len() {
        for (number, run) in (noted..place).zip(rest(noted).windows(SHORTEST_RUN)) {
            seen.insert(run, number);
        }
        noted = place;
        let before = rest(place).get(..SHORTEST_RUN).and_then(|run| seen.get(run));
        let run =
            before.map(|before| rest(*before).iter().zip(rest(place)).take_while(|(one, other)| one == other).count());
        length = length.saturating_add(run.map_or(1, |_| REFERENCE));
        place = place.saturating_add(run.unwrap_or(1));
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLUSTER: &str = "arn:aws:eks:us-west-2:823571991546:cluster/eksworkshop-eksctl";

    fn size(policies: &SessionPolicies, tags: &[(&str, &str)], transitive: bool) -> PackedSize {
        let tags: BTreeMap<_, _> = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let keys: Vec<_> = if transitive { tags.keys().cloned().collect() } else { Vec::new() };
        PackedSize::of(policies, &tags, &keys)
    }

    fn tags(tags: &[(&str, &str)], transitive: bool) -> usize {
        size(&SessionPolicies::default(), tags, transitive).percent()
    }

    fn pod<'a>(namespace: &'a str, account: &'a str, pod: &'a str, uid: &'a str) -> [(&'a str, &'a str); 6] {
        [
            ("eks-cluster-arn", CLUSTER),
            ("eks-cluster-name", "eksworkshop-eksctl"),
            ("kubernetes-namespace", namespace),
            ("kubernetes-service-account", account),
            ("kubernetes-pod-name", pod),
            ("kubernetes-pod-uid", uid),
        ]
    }

    #[test]
    fn tags_take_what_the_cloud_was_recorded_to_say() {
        assert_eq!(tags(&[("c", "c"), ("b", "c")], false), 2);
        assert_eq!(tags(&[("b", "b"), ("c", "b"), ("d", "b")], false), 3);
        let named = pod("ns-a", "sa1", "app1", "0cda7f85-c1f9-4dee-b6e9-a0b50c8f3012");
        assert_eq!(tags(&named, true), 56);
        let named = pod("app1", "default", "app1-v1-56b9f94b4-dvd5c", "376f3cff-44fe-4a00-b9d4-970555f311d3");
        assert_eq!(tags(&named, true), 61);
        let (keys, value) = (["T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9"], "a".repeat(250));
        let long = keys.map(|key| (key, value.as_str()));
        assert_eq!(tags(&long, false), 498);
        let refused = size(&SessionPolicies::default(), &long, false).verify().unwrap_err();
        assert_eq!(refused.to_string(), "Packed size of session tags consumes 498% of allotted space.");
    }

    #[test]
    fn policies_take_what_the_cloud_was_recorded_to_say() {
        let everything = "{\n\t\t\"Version\": \"2012-10-17\",\n\t\t\"Statement\": [\n\t\t\t{\n\t\t\t\t\"Effect\": \"Allow\",\n\t\t\t\t\"Action\": \"*\",\n\t\t\t\t\"Resource\": \"*\"\n\t\t\t}\n\t\t]\n\t}";
        let everything = SessionPolicies::parse([everything.to_owned()]).unwrap();
        assert_eq!(size(&everything, &[], false).percent(), 4);
        let describing = r#"{"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"},
            {"Effect": "Allow", "Action": "elasticloadbalancing:Describe*", "Resource": "*"},
            {"Effect": "Allow", "Action": ["cloudwatch:ListMetrics", "cloudwatch:GetMetricStatistics",
             "cloudwatch:Describe*"], "Resource": "*"},
            {"Effect": "Allow", "Action": "autoscaling:Describe*", "Resource": "*"}]}"#;
        let describing = SessionPolicies::parse([describing.to_owned()]).unwrap();
        let arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess".parse().unwrap();
        assert_eq!(size(&describing.with_managed(vec![arn]).unwrap(), &[], false).percent(), 36);
    }

    #[test]
    fn policies_and_tags_share_the_room() {
        let policy =
            r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#;
        let policy = SessionPolicies::parse([policy.to_owned()]).unwrap();
        let (value, tagged) = ("v".repeat(250), SessionPolicies::default());
        let tags = [("one", value.as_str()), ("two", "a value that leaves less room than a policy needs, ".trim())];
        let alone = size(&tagged, &tags, false);
        let both = size(&policy, &tags, false);
        assert_eq!((alone.policies, alone.tags), (0, both.tags));
        assert!(both.policies > 0);
        assert!(both.percent() > alone.percent() && alone.verify().is_ok());
        let second = "v".repeat(180);
        let more = [("one", value.as_str()), ("two", second.as_str())];
        assert!(size(&tagged, &more, false).verify().is_ok());
        let refused = size(&policy, &more, false).verify().unwrap_err();
        let percent = size(&policy, &more, false).percent();
        let text = format!("Packed policy consumes {percent}% of allotted space, please use smaller policy.");
        assert_eq!(refused.to_string(), text);
    }

    #[test]
    fn nothing_takes_nothing_and_white_space_inside_of_strings_counts() {
        assert!(size(&SessionPolicies::default(), &[], false).is_empty());
        assert_eq!(size(&SessionPolicies::default(), &[], false).percent(), 0);
        assert_eq!(without_white_space("{ \"a b\\\" c\" :\n\t\"d\\\\\" } "), "{\"a b\\\" c\":\"d\\\\\"}");
    }

    #[test]
    fn what_repeats_itself_is_referred_to_and_nothing_else() {
        // A run may reach into itself.
        assert_eq!(packed_length(&"a".repeat(2048)), 1 + REFERENCE);
        let different: String = (0..600).map(|number| format!("{number:03}")).collect();
        assert!(packed_length(&different) > 900, "{}", packed_length(&different));
    }
}
