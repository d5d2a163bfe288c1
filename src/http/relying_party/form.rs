//! Parameters of a request to the provider, each once but for those that the standard lets repeat.

use zeroize::Zeroizing;

/// A form of `application/x-www-form-urlencoded`, or a query.
#[derive(Clone, Default)]
pub(super) struct Form(Vec<(&'static str, Zeroizing<String>)>);

impl Form {
    /// Gives `name` this value, in place of one it may have.
    pub(super) fn set(&mut self, name: &'static str, value: &str) {
        self.0.retain(|(known, _)| *known != name);
        self.0.push((name, Zeroizing::new(value.to_owned())));
    }

    /// Gives `name` this value beside those it may have.
    pub(super) fn add(&mut self, name: &'static str, value: &str) {
        self.0.push((name, Zeroizing::new(value.to_owned())));
    }

    /// Gives `name` this value, if there is one.
    pub(super) fn set_some(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    pub(super) fn encoded(&self) -> String {
        let pairs = self.0.iter().map(|(name, value)| (name, value.as_str()));
        form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    /// `endpoint` with these parameters behind those it may have already (RFC 6749, 3.1).
    pub(super) fn on(&self, endpoint: &str) -> String {
        let separator = if endpoint.contains('?') { '&' } else { '?' };
        format!("{endpoint}{separator}{}", self.encoded())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_given_once_and_encoded() {
        let mut form = Form::default();
        form.set("client_id", "a");
        form.set("scope", "openid e&c=d");
        form.set("client_id", "b");
        form.set_some("nonce", None);
        assert_eq!(form.encoded(), "scope=openid+e%26c%3Dd&client_id=b");
        assert_eq!(form.on("https://a.example/x?y=1"), "https://a.example/x?y=1&scope=openid+e%26c%3Dd&client_id=b");
    }

    #[test]
    fn what_may_repeat_keeps_every_value_in_order() {
        let mut form = Form::default();
        form.add("resource", "urn:a");
        form.add("resource", "urn:b");
        assert_eq!(form.encoded(), "resource=urn%3Aa&resource=urn%3Ab");
    }
}
