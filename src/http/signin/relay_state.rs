//! RelayState: a random handle and proof that this broker made it.
//!
//! Identity providers give it back as it was. The handle says nothing, and what it stands for is in the store; the proof
//! keeps strangers from having the store asked about handles of their own making (attack: guessing, flooding).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::pending::Protocol;
use crate::crypto::{CryptoError, MacKey, verify_equal};
use crate::http::portal::Portal;

/// The longest RelayState (saml-bindings 3.4.3).
const LIMIT: usize = 80;
/// Half of HMAC-SHA256 (RFC 2104, section 5): 128 bits that cannot be guessed, in 22 characters.
const PROOF_BYTES: usize = 16;

/// The RelayState of `handle`, for one protocol at one origin.
pub(super) fn seal(portal: &Portal, protocol: Protocol, handle: &str) -> Result<String, CryptoError> {
    let key = portal.broker.sessions().keyring().state_key()?;
    Ok(format!("{handle}.{}", proof(&key, portal, protocol, handle)))
}

/// The handle of a RelayState that this broker made for this protocol at this origin.
pub(super) fn open<'t>(portal: &Portal, protocol: Protocol, text: &'t str) -> Option<&'t str> {
    let (handle, claimed) = text.rsplit_once('.').filter(|_| text.len() <= LIMIT)?;
    let keys = portal.broker.sessions().keyring().state_keys().filter_map(Result::ok);
    let ours = |key: MacKey| verify_equal(proof(&key, portal, protocol, handle).as_bytes(), claimed.as_bytes()).is_ok();
    keys.into_iter().any(ours).then_some(handle)
}

fn proof(key: &MacKey, portal: &Portal, protocol: Protocol, handle: &str) -> String {
    let code = key.sign(format!("{} {} {handle}", protocol.word(), portal.origin).as_bytes());
    URL_SAFE_NO_PAD.encode(code.get(..PROOF_BYTES).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use zeroize::Zeroizing;

    use super::*;
    use crate::crypto::random_id;
    use crate::{Broker, Keyring};

    fn portal(keyring: Keyring, origin: &str) -> Portal {
        Portal::new(Arc::new(Broker::new(keyring)), origin).unwrap()
    }

    fn keyring() -> Keyring {
        Keyring::from_secret(&Zeroizing::new([7; 32])).unwrap()
    }

    #[test]
    fn what_is_sealed_is_opened_also_on_another_node_and_after_a_rotation() {
        let handle = random_id().unwrap();
        let one = portal(keyring(), "https://broker.example");
        let sealed = seal(&one, Protocol::Saml, &handle).unwrap();
        assert!(sealed.len() <= LIMIT && sealed.starts_with(&handle), "{sealed}");
        let other_node = portal(keyring(), "https://broker.example");
        let rotated = portal(keyring().rotate().unwrap(), "https://broker.example");
        for portal in [one, other_node, rotated] {
            assert_eq!(open(&portal, Protocol::Saml, &sealed), Some(handle.as_str()));
        }
    }

    #[test]
    fn what_was_made_elsewhere_or_for_something_else_is_not_opened() {
        let portal_here = portal(keyring(), "https://broker.example");
        let sealed = seal(&portal_here, Protocol::Saml, "handle").unwrap();
        let (_, code) = sealed.split_once('.').unwrap();
        for text in
            ["", ".", "handle", "handle.", &format!("other.{code}"), &format!("{sealed}A"), sealed.get(..20).unwrap()]
        {
            assert_eq!(open(&portal_here, Protocol::Saml, text), None, "{text}");
        }
        assert_eq!(open(&portal_here, Protocol::SamlLogout, &sealed), None);
        assert_eq!(open(&portal(keyring(), "https://other.example"), Protocol::Saml, &sealed), None);
        let stranger = portal(Keyring::generate().unwrap(), "https://broker.example");
        assert_eq!(open(&stranger, Protocol::Saml, &sealed), None);
        let long = seal(&portal_here, Protocol::Saml, &"h".repeat(LIMIT)).unwrap();
        assert_eq!(open(&portal_here, Protocol::Saml, &long), None);
    }
}
