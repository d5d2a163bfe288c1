//! A session becomes an access key and a token.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{AccessKeyId, Credentials, CredentialsError, Keyring, SessionToken, token};
use crate::crypto::random_base32;
use crate::session::Session;
use crate::time::Timestamp;

/// Makes the temporary credentials of `session`, which work until it expires.
///
/// # Errors
/// [`CredentialsError::SessionExpired`] when that is not later than `now`; [`CredentialsError::TokenTooLong`] when its
/// tags and policies do not fit into a token; [`CredentialsError::Crypto`] when there is no randomness.
pub fn mint(keyring: &Keyring, session: impl Into<Session>, now: Timestamp) -> Result<Credentials, CredentialsError> {
    let session = session.into();
    let expiration = session.expiration();
    if expiration <= now {
        return Err(CredentialsError::SessionExpired { expiration, now });
    }
    let access_key_id = fresh_access_key_id()?;
    let token = token::sign(keyring, &session, &access_key_id)?;
    if token.len() > token::MAX_TOKEN_LENGTH {
        return Err(CredentialsError::TokenTooLong { length: token.len() });
    }
    Ok(Credentials {
        secret_access_key: keyring.current().secret_access_key(&access_key_id)?,
        access_key_id,
        session_token: SessionToken(Zeroizing::new(token)),
        session: Arc::new(session),
    })
}

/// `ASIA` and sixteen random characters, 80 bits.
fn fresh_access_key_id() -> Result<AccessKeyId, CredentialsError> {
    Ok(AccessKeyId(format!("ASIA{}", random_base32(16)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_key_ids_are_temporary_and_differ() {
        let one = fresh_access_key_id().unwrap();
        assert_eq!(one.as_str().len(), 20);
        assert!(one.as_str().starts_with("ASIA"));
        assert!(one.as_str().bytes().all(|byte| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte)));
        assert_ne!(one, fresh_access_key_id().unwrap());
    }
}
