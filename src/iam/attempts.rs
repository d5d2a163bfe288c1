//! How often a secret may be guessed.

use std::time::Duration;

use crate::time::Timestamp;

/// Wrong answers in a row that cost nothing but themselves (RFC 4226, 7.3, asks for a small number).
const FREE: u32 = 5;
/// The wait after the last of them; it doubles with each further wrong answer.
const FIRST_WAIT: Duration = Duration::from_secs(60);
/// The longest wait: of three codes right in a million at any instant, a year of guessing finds one in 38 times.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// The wrong answers given since the last right one.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempts {
    wrong: u32,
    waits_until: Option<Timestamp>,
}

impl Attempts {
    /// Until when no answer is looked at, if there is a wait at `now`.
    pub(super) fn waiting(&self, now: Timestamp) -> Option<Timestamp> {
        self.waits_until.filter(|until| now < *until)
    }

    /// Takes one of the guesses that are left before it is known whether it is right: it counts as wrong until
    /// [`Attempts::right`] says otherwise, so that guesses made at one time are counted like those made one after another.
    ///
    /// # Errors
    /// Until when no answer is looked at.
    pub(super) fn reserve(&mut self, now: Timestamp) -> Result<(), Timestamp> {
        if let Some(until) = self.waiting(now) {
            return Err(until);
        }
        self.wrong(now);
        Ok(())
    }

    /// Counts a wrong answer.
    pub(super) fn wrong(&mut self, now: Timestamp) {
        self.wrong = self.wrong.saturating_add(1);
        if let Some(doublings) = self.wrong.checked_sub(FREE) {
            let wait = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(doublings)).min(LONGEST_WAIT);
            self.waits_until = Some(now.saturating_add(wait));
        }
    }

    /// Forgets the wrong answers: a right one was given.
    pub(super) fn right(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_wrong_answer_after_the_fifth_doubles_the_wait_up_to_an_hour() {
        let (mut attempts, mut now) = (Attempts::default(), Timestamp::EPOCH);
        let mut waits = Vec::new();
        for _ in 0..14 {
            attempts.wrong(now);
            let until = attempts.waiting(now).unwrap_or(now);
            waits.push(until.duration_since(now).as_secs());
            now = until;
        }
        assert_eq!(waits, [0, 0, 0, 0, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]);
        attempts.right();
        attempts.wrong(now);
        assert_eq!(attempts.waiting(now), None);
    }
}
