//! Policies that many decide by and that somebody replaces.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::Policy;

/// A set of compiled policies that is read without waiting and replaced whole.
///
/// Whoever decides takes the set once for each decision, so that no decision sees half of a change; whoever changes it
/// compiles the new documents first, and nobody is held up.
///
/// ```
/// use daypass::policy::{Kind, Policy, SharedPolicies};
///
/// # fn main() -> Result<(), daypass::policy::PolicyError> {
/// let read = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}"#;
/// let shared = SharedPolicies::new(vec![Policy::parse(read, Kind::Identity)?]);
/// let before = shared.load();
/// shared.replace(Vec::new());
/// assert_eq!((before.len(), shared.load().len()), (1, 0));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct SharedPolicies(ArcSwap<Vec<Policy>>);

impl SharedPolicies {
    /// A set to begin with.
    #[must_use]
    pub fn new(policies: Vec<Policy>) -> Self {
        Self(ArcSwap::from_pointee(policies))
    }

    /// The set as it is now; it stays as it is for whoever holds it.
    #[must_use]
    pub fn load(&self) -> Arc<Vec<Policy>> {
        self.0.load_full()
    }

    /// Puts another set in its place: decisions that begin later are made by it.
    pub fn replace(&self, policies: Vec<Policy>) {
        self.0.store(Arc::new(policies));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Action, Keys, Kind, Layers, Outcome, Principal, Request, Resource, evaluate};

    /// Either set allows; one policy of each, or none at all, would deny.
    #[test]
    fn nobody_decides_by_half_of_a_change() {
        let statement = |effect: &str, bucket: &str| {
            let text = format!(
                r#"{{"Statement":{{"Effect":"{effect}","Action":"s3:*","Resource":"arn:aws:s3:::{bucket}"}}}}"#
            );
            Policy::parse(&text, Kind::Identity).unwrap()
        };
        let sets = [
            vec![statement("Deny", "b"), statement("Allow", "a")],
            vec![statement("Deny", "c"), statement("Allow", "*")],
        ];
        let shared = SharedPolicies::new(sets[0].clone());
        let principal = Principal::from_arn("arn:aws:iam::111111111111:user/martha".parse().unwrap()).unwrap();
        let (action, keys): (Action, _) = ("s3:GetObject".parse().unwrap(), Keys::new());
        let resource: Resource = "arn:aws:s3:::a".parse().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| (0..2_000).for_each(|turn| shared.replace(sets[turn % 2].clone())));
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..2_000 {
                        let policies = shared.load();
                        assert!(sets.contains(&policies));
                        let evaluation =
                            evaluate(&Layers::new(&policies), &Request::new(&principal, &action, &resource, &keys));
                        assert_eq!(evaluation.outcome(), Outcome::Allow);
                    }
                });
            }
        });
    }
}
