//! How the person must prove who they are: what is asked for, and which answers satisfy it (saml-core 3.3.2.2.1).

use super::MetadataError;
use super::markup::{attribute, leaf};

/// How an answer's authentication context relates to those that were asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Comparison {
    /// One of them.
    #[default]
    Exact,
    /// At least as strong as one of them.
    Minimum,
    /// No stronger than one of them.
    Maximum,
    /// Stronger than every one of them.
    Better,
}

impl Comparison {
    const fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Minimum => "minimum",
            Self::Maximum => "maximum",
            Self::Better => "better",
        }
    }
}

/// What every request to a provider asks for.
#[derive(Clone, Debug, Default)]
pub(super) struct RequestedAuthnContext {
    comparison: Comparison,
    class_refs: Vec<String>,
}

impl RequestedAuthnContext {
    pub(super) const fn new(comparison: Comparison, class_refs: Vec<String>) -> Self {
        Self { comparison, class_refs }
    }

    /// The class references that satisfy this where `weakest_first` is the order of strength. The standard leaves the order
    /// to the parties: the identity provider's opinion of it is never asked for.
    pub(super) fn satisfied_by(&self, weakest_first: &[String]) -> Result<Vec<String>, MetadataError> {
        let mut ranks = Vec::new();
        for class_ref in &self.class_refs {
            let rank = weakest_first.iter().position(|known| known == class_ref);
            let unknown = || MetadataError::AuthnContextNotOrdered { class_ref: class_ref.clone() };
            ranks.push(rank.ok_or_else(unknown)?);
        }
        let least = ranks.iter().min().copied();
        let most = ranks.iter().max().copied();
        let satisfies = |rank: &usize| match self.comparison {
            Comparison::Exact => ranks.contains(rank),
            Comparison::Minimum => least.is_some_and(|least| *rank >= least),
            Comparison::Maximum => most.is_some_and(|most| *rank <= most),
            Comparison::Better => most.is_some_and(|most| *rank > most),
        };
        let accepted = weakest_first.iter().enumerate().filter(|(rank, _)| satisfies(rank));
        let accepted: Vec<String> = accepted.map(|(_, class_ref)| class_ref.clone()).collect();
        // An empty list would ask for nothing and accept everything.
        if accepted.is_empty() {
            let class_ref = self.class_refs.join(", ");
            return Err(MetadataError::AuthnContextNotOrdered { class_ref });
        }
        Ok(accepted)
    }

    pub(super) fn write(&self, xml: &mut String) {
        if self.class_refs.is_empty() {
            return;
        }
        xml.push_str("<samlp:RequestedAuthnContext");
        attribute(xml, "Comparison", self.comparison.name());
        xml.push('>');
        for class_ref in &self.class_refs {
            leaf(xml, "saml:AuthnContextClassRef", class_ref);
        }
        xml.push_str("</samlp:RequestedAuthnContext>");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_decides_what_satisfies_a_comparison() {
        let order = ["password", "code", "key", "card"].map(str::to_owned);
        let satisfied = |comparison, asked: &[&str]| {
            let asked = asked.iter().map(|&class_ref| class_ref.to_owned()).collect();
            RequestedAuthnContext::new(comparison, asked).satisfied_by(&order)
        };
        assert_eq!(satisfied(Comparison::Exact, &["key", "code"]).unwrap(), ["code", "key"]);
        assert_eq!(satisfied(Comparison::Minimum, &["key", "code"]).unwrap(), ["code", "key", "card"]);
        assert_eq!(satisfied(Comparison::Maximum, &["password", "code"]).unwrap(), ["password", "code"]);
        assert_eq!(satisfied(Comparison::Better, &["code", "key"]).unwrap(), ["card"]);
    }

    #[test]
    fn what_nothing_can_satisfy_is_refused_when_it_is_configured() {
        let order = ["password".to_owned()];
        for (comparison, asked) in [
            (Comparison::Better, vec!["password".to_owned()]),
            (Comparison::Minimum, vec!["retina".to_owned()]),
            (Comparison::Minimum, Vec::new()),
        ] {
            let refused = RequestedAuthnContext::new(comparison, asked).satisfied_by(&order);
            assert!(matches!(refused, Err(MetadataError::AuthnContextNotOrdered { .. })), "{comparison:?}");
        }
    }
}
