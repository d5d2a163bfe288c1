//! `BinaryEquals`: octets in base64, in a condition and in a request alike.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The octets of a condition.
#[derive(Clone, Debug)]
pub(super) struct Octets(Box<[Box<str>]>);

impl Octets {
    pub(super) fn parse(values: &[Box<str>]) -> Result<Self, &'static str> {
        super::each(values, |value| {
            // The strict decoder takes one spelling of each octet string, so that equal text is equal octets.
            STANDARD.decode(value).map(|_| value.into()).map_err(|_| "base64 with padding")
        })
        .map(Self)
    }

    pub(super) fn fits(&self, found: &str) -> bool {
        self.0.iter().any(|own| **own == *found)
    }
}
