//! Codes that authenticator applications show (RFC 6238): SHA-1, 30 seconds, six digits, each good once.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;

use super::attempts::Attempts;
use super::{CodeRefusal, IamError};
use crate::crypto::{CryptoError, OneTimeCodeKey, SignatureValid, random_base32};
use crate::time::Timestamp;

/// Letters of a seed: five bits each, 320 in all.
const SEED_LETTERS: usize = 64;
/// Length of a time step in seconds (RFC 6238, 4.1).
const STEP: i64 = 30;
/// Steps that a code may be early or late (RFC 6238, 5.2).
const WINDOW: i64 = 1;
/// Steps that a device's clock may be wrong when two consecutive codes show by how much: half an hour.
const SEARCH: i64 = 60;

/// The secret of a virtual MFA device, in base 32 as authenticator applications take it; wiped when dropped.
pub struct Seed(Zeroizing<String>);

impl Seed {
    /// A seed of 320 random bits.
    ///
    /// # Errors
    /// [`CryptoError::Randomness`].
    pub fn fresh() -> Result<Self, CryptoError> {
        Ok(Self(Zeroizing::new(random_base32(SEED_LETTERS)?)))
    }

    /// The seed itself, to be handed to its owner once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The bytes that the letters stand for.
    fn bytes(&self) -> Zeroizing<Vec<u8>> {
        let (mut bytes, mut pending, mut bits) = (Zeroizing::new(Vec::new()), 0_u32, 0_u32);
        for letter in self.0.bytes() {
            let five = match letter {
                b'A'..=b'Z' => letter.saturating_sub(b'A'),
                _ => letter.saturating_sub(b'2').saturating_add(26),
            };
            (pending, bits) = ((pending << 5) | u32::from(five), bits.saturating_add(5));
            if let Some(left) = bits.checked_sub(8) {
                bytes.push((pending >> left).to_le_bytes()[0]);
                (pending, bits) = (pending & ((1 << left) - 1), left);
            }
        }
        bytes
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(redacted)")
    }
}

/// Verifies the codes of one seed, and remembers which were used and how often somebody guessed.
#[derive(Debug)]
pub(super) struct Totp {
    key: OneTimeCodeKey,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The step of the last code that was accepted: it and earlier ones are used up.
    last_step: Option<i64>,
    /// How many steps the device's clock is ahead.
    drift: i64,
    attempts: Attempts,
}

impl Totp {
    pub(super) fn new(seed: &Seed) -> Self {
        Self { key: OneTimeCodeKey::new(&seed.bytes()), state: Mutex::default() }
    }

    /// Takes one code.
    pub(super) fn verify(&self, code: &str, now: Timestamp) -> Result<SignatureValid, IamError> {
        shape(code)?;
        // Held from the first look at what was used to the note of what is: of two requests with one code, one wins.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.open(now)?;
        let at = step(now).saturating_add(state.drift);
        // Every step is tried, so that the time taken does not tell which one it was.
        let found = (at.saturating_sub(WINDOW)..=at.saturating_add(WINDOW)).fold(None, |found, step| {
            let valid = self.code_of(step, code).map(|valid| (step, valid));
            // The latest of several, so that none of them is good again.
            valid.or(found)
        });
        let Some((step, valid)) = found else { return Err(state.wrong(now)) };
        if state.last_step.is_some_and(|last| step <= last) {
            return Err(CodeRefusal::Replayed.into());
        }
        state.last_step = Some(step);
        state.attempts.right();
        Ok(valid)
    }

    /// Takes two consecutive codes, by which the device's clock is set.
    pub(super) fn synchronize(&self, codes: [&str; 2], now: Timestamp) -> Result<(), IamError> {
        let [first, second] = codes;
        shape(first)?;
        shape(second)?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.open(now)?;
        let at = step(now);
        let unused = |step: i64| state.last_step.is_none_or(|last| step > last);
        let pair = |step: &i64| {
            let next = step.saturating_add(1);
            unused(*step) && self.code_of(*step, first).is_some() && self.code_of(next, second).is_some()
        };
        // Nearest first: the clock is more likely a little wrong than much.
        let near = (0..=SEARCH).flat_map(|away| [at.saturating_sub(away), at.saturating_add(away)]);
        let Some(step) = near.into_iter().find(pair) else { return Err(state.wrong(now)) };
        let last = step.saturating_add(1);
        // The second code is at most a step old when its owner is done typing.
        let drift = last.saturating_sub(at);
        *state = State {
            last_step: Some(last),
            drift: if drift.abs() <= WINDOW { 0 } else { drift },
            attempts: Attempts::default(),
        };
        Ok(())
    }

    fn code_of(&self, step: i64, code: &str) -> Option<SignatureValid> {
        self.key.verify(u64::try_from(step).ok()?, code).ok()
    }
}

impl State {
    fn open(&self, now: Timestamp) -> Result<(), IamError> {
        self.attempts.waiting(now).map_or(Ok(()), |until| Err(CodeRefusal::Locked { until }.into()))
    }

    fn wrong(&mut self, now: Timestamp) -> IamError {
        self.attempts.wrong(now);
        CodeRefusal::Wrong.into()
    }
}

fn step(now: Timestamp) -> i64 {
    now.unix_seconds().div_euclid(STEP)
}

fn shape(code: &str) -> Result<(), IamError> {
    let six_digits = code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit());
    if six_digits { Ok(()) } else { Err(CodeRefusal::Shape.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_read_as_base_32() {
        // RFC 4648, section 10; and every letter of the alphabet.
        let read = |text: &str| Seed(Zeroizing::new(text.to_owned())).bytes().to_vec();
        assert_eq!(read("MZXW6YTB"), b"fooba");
        assert_eq!(read("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").len(), 20);
        assert_eq!(read("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567").last(), Some(&0xDF));
        assert_eq!(Seed::fresh().unwrap().bytes().len(), 40);
    }
}
