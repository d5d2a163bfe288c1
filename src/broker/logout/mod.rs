//! Single logout of a broker: which sessions an identity provider has ended.
//!
//! A request that is not the provider's own, or not new, ends nothing. Otherwise it leaves a mark for each session it
//! names, and a session is over when it began no later than its mark: whichever browser it is in, and however many broker
//! nodes share the store.

#[cfg(feature = "oidc")]
mod oidc;
#[cfg(feature = "saml")]
mod saml;

use std::time::Duration;

use super::record::Told;
use super::{Broker, Flow};
use crate::Error;
use crate::audit::{Outcome, Stage};
use crate::store::{Space, StoreError};
use crate::time::Timestamp;

const SIGN_OUT: &str = "sign-out";

/// When sessions were ended. An assertion that was issued before, and comes later, is held to it too (saml-core 3.7.3.2)
/// for as long as the mark is kept.
struct Mark {
    /// By our clock, as the beginnings of our sessions are.
    at: Timestamp,
    /// By the identity provider's clock, as its assertions are.
    issued: Timestamp,
}

impl Mark {
    fn to_text(&self) -> String {
        let [at, issued] = [self.at, self.issued].map(Timestamp::unix_millis);
        format!("{at} {issued}")
    }

    /// A mark that cannot be read is the store's failure; taking it for none would keep ended sessions alive.
    fn from_record(record: &[u8]) -> Result<Self, StoreError> {
        let unreadable = || StoreError::Unavailable { reason: "a mark of an ended session cannot be read".to_owned() };
        let text = std::str::from_utf8(record).map_err(|_| unreadable())?;
        let mut instants = text.split(' ').map(|millis| millis.parse().map(Timestamp::from_unix_millis));
        match (instants.next(), instants.next(), instants.next()) {
            (Some(Ok(at)), Some(Ok(issued)), None) => Ok(Self { at, issued }),
            _ => Err(unreadable()),
        }
    }

    /// The later of the two in each respect: a request that was issued earlier and comes later takes nothing back.
    fn and(self, other: &Self) -> Self {
        Self { at: self.at.max(other.at), issued: self.issued.max(other.issued) }
    }
}

/// What a verified request to end sessions comes to.
struct Ending<'a> {
    /// What its sender calls the request.
    id: &'a str,
    /// What replay memory keeps of it, and until when.
    replay_key: String,
    remembered_until: Timestamp,
    /// The sessions to end.
    keys: Vec<String>,
    /// When it was issued, by the identity provider's clock.
    issued: Timestamp,
    /// The longest that a session lasts here.
    lasting: Duration,
}

impl Broker {
    /// Whether a provider has ended a session that began at `began` and has one of `keys`, which are the `session_keys` of
    /// a `SamlSession` or of an `OidcSession`.
    ///
    /// # Errors
    /// That the store failed; the session must then not be taken for a live one.
    pub async fn has_ended(&self, keys: &[String], began: Timestamp) -> Result<bool, Error> {
        Ok(self.any_mark(keys, |mark| began <= mark.at).await?)
    }

    /// Whether an assertion about a session with one of `keys` was issued before a request to end it
    /// (saml-core 3.7.3.2).
    async fn is_overtaken(&self, keys: &[String], issued: Timestamp) -> Result<bool, StoreError> {
        self.any_mark(keys, |mark| issued <= mark.issued).await
    }

    async fn any_mark(&self, keys: &[String], meant: impl Fn(&Mark) -> bool) -> Result<bool, StoreError> {
        for key in keys {
            if let Some(record) = self.store().read(Space::EndedSession, key, self.now()).await?
                && meant(&Mark::from_record(&record)?)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Leaves the marks of a request, once.
    async fn end_sessions(&self, ending: Ending<'_>) -> Result<(), Error> {
        let Ending { id, replay_key, remembered_until, keys, issued, lasting } = ending;
        let (store, now) = (self.store(), self.now());
        if !store.insert_new(Space::Replay, &replay_key, &[], remembered_until, now).await? {
            return Err(Error::LogoutReplayed { request_id: id.to_owned() });
        }
        let until = now.saturating_add(lasting).max(remembered_until);
        for key in keys {
            if let Err(error) = self.leave(&key, Mark { at: now, issued }, until).await {
                // The provider may try again with the same request.
                store.take(Space::Replay, &replay_key, now).await?;
                return Err(error.into());
            }
        }
        Ok(())
    }

    async fn leave(&self, key: &str, mark: Mark, until: Timestamp) -> Result<(), StoreError> {
        let (store, now) = (self.store(), self.now());
        let mark = match store.read(Space::EndedSession, key, now).await? {
            Some(record) => mark.and(&Mark::from_record(&record)?),
            None => mark,
        };
        store.replace(Space::EndedSession, key, mark.to_text().as_bytes(), until, now).await
    }
}

impl Flow<'_> {
    /// Records that `user_name`, who had come by `provider`, signed out here.
    ///
    /// # Errors
    /// [`Error::Audit`] when the audit trail failed.
    pub fn signed_out(&self, user_name: &str, provider: &str) -> Result<(), Error> {
        let told = Told { principal: user_name.to_owned(), resource: provider.to_owned(), ..Told::default() };
        self.record(self.event(Stage::Identity, SIGN_OUT, Outcome::Accepted, told))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_moves_forward_only() {
        let mark =
            |at, issued| Mark { at: Timestamp::from_unix_millis(at), issued: Timestamp::from_unix_millis(issued) };
        assert_eq!(mark(2, 10).and(&mark(1, 20)).to_text(), "2 20");
    }

    #[test]
    fn a_mark_is_read_back_and_a_damaged_one_is_no_mark_at_all() {
        let [at, issued] = [1, 600_001].map(Timestamp::from_unix_millis);
        let read = Mark::from_record(Mark { at, issued }.to_text().as_bytes()).unwrap();
        assert_eq!((read.at, read.issued), (at, issued));
        for damaged in [&b""[..], b"1", b"1 x", b"1 2 3", b"\xff 1"] {
            assert!(Mark::from_record(damaged).is_err());
        }
    }
}
