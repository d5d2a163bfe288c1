//! A session becomes an access key and a token.

use std::sync::Arc;

use zeroize::Zeroizing;

use super::keyring::ACCESS_KEY_RANDOM;
use super::{AccessKeyId, Credentials, CredentialsError, Keyring, SessionToken, token};
use crate::arn::AccountId;
use crate::crypto::random_base32;
use crate::session::Session;
use crate::time::Timestamp;

/// Makes the temporary credentials of `session`, which work until it expires.
///
/// # Errors
/// [`CredentialsError::SessionExpired`] when that is not later than `now`; [`CredentialsError::TokenTooLong`] when its
/// tags and policies do not fit into a token; [`CredentialsError::Crypto`] when there is no randomness.
pub fn mint(keyring: &Keyring, session: impl Into<Session>, now: Timestamp) -> Result<Credentials, CredentialsError> {
    mint_with_token_of(keyring, session, 0, now)
}

/// As [`mint`], with a session token of `least` bytes or more, so that it can be tried out whether those through whose hands it
/// goes take a token of that length.
///
/// # Errors
/// As [`mint`]; [`CredentialsError::TokenTooLong`] also when `least` is more than a token may have.
pub fn mint_with_token_of(
    keyring: &Keyring,
    session: impl Into<Session>,
    least: usize,
    now: Timestamp,
) -> Result<Credentials, CredentialsError> {
    let session = session.into();
    if least > token::MAX_TOKEN_LENGTH {
        return Err(CredentialsError::TokenTooLong { length: least });
    }
    let expiration = session.expiration();
    if expiration <= now {
        return Err(CredentialsError::SessionExpired { expiration, now });
    }
    let access_key_id = fresh_access_key_id(keyring, session.account())?;
    let token = token::sign(keyring, &session, &access_key_id, least)?;
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

/// `ASIA`, twelve random characters, and four that whoever holds the keyring can tell the account by.
fn fresh_access_key_id(keyring: &Keyring, account: &AccountId) -> Result<AccessKeyId, CredentialsError> {
    let random = random_base32(ACCESS_KEY_RANDOM)?;
    let tag = keyring.current().account_tag(&random, account);
    Ok(AccessKeyId(format!("ASIA{random}{tag}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn access_key_ids_are_temporary_and_differ() {
        let (keyring, account) = (Keyring::generate().unwrap(), "111111111111".parse::<AccountId>().unwrap());
        let one = fresh_access_key_id(&keyring, &account).unwrap();
        assert_eq!(one.as_str().len(), 20);
        assert!(one.as_str().starts_with("ASIA"));
        assert!(one.as_str().bytes().all(|byte| byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte)));
        assert_ne!(one, fresh_access_key_id(&keyring, &account).unwrap());
    }

    #[test]
    fn the_account_of_an_access_key_is_known_to_its_keyring_alone() {
        let keyring = Keyring::generate().unwrap();
        let accounts: Vec<AccountId> = (0..20).map(|n| format!("{n:012}").parse().unwrap()).collect();
        for account in &accounts {
            let id = fresh_access_key_id(&keyring, account).unwrap();
            assert_eq!(keyring.account_of(&id, accounts.iter()), Some(account));
            assert_eq!(Keyring::generate().unwrap().account_of(&id, std::iter::once(account)), None);
        }
        let rotated = {
            let id = fresh_access_key_id(&keyring, &accounts[3]).unwrap();
            (id, keyring.rotate().unwrap())
        };
        assert_eq!(rotated.1.account_of(&rotated.0, accounts.iter()), Some(&accounts[3]));
    }
}
