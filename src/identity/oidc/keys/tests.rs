use super::*;
use crate::time::{Clock, ManualClock};

const MINUTE: Duration = Duration::from_secs(60);

fn jwks(key_ids: &[&str]) -> Jwks {
    let keys: Vec<String> = key_ids
        .iter()
        .map(|key_id| {
            format!(
                r#"{{"kty":"OKP","crv":"Ed25519","kid":"{key_id}","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}"#
            )
        })
        .collect();
    Jwks::parse(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes()).unwrap()
}

struct Desk {
    cache: KeyCache,
    clock: ManualClock,
}

impl Desk {
    fn new() -> Self {
        let clock = ManualClock::new(Timestamp::from_unix_seconds(1_800_000_000));
        Self { cache: KeyCache::new(), clock }
    }

    fn holding(key_ids: &[&str]) -> Self {
        let mut desk = Self::new();
        assert!(matches!(desk.plan("a"), KeyPlan::Fetch));
        desk.fetched(key_ids);
        desk
    }

    fn plan(&mut self, key_id: &str) -> KeyPlan {
        self.cache.plan(Some(key_id), self.clock.now())
    }

    fn plan_for_answer(&mut self, key_id: &str) -> KeyPlan {
        self.cache.plan_for_answer(Some(key_id), self.clock.now())
    }

    fn fetched(&mut self, key_ids: &[&str]) {
        self.cache.fetched(jwks(key_ids), None, self.clock.now());
    }

    fn failed(&mut self) {
        self.cache.failed(self.clock.now());
    }

    fn fetches(&self) -> u64 {
        self.cache.metrics(self.clock.now()).fetches
    }
}

#[test]
fn one_caller_fetches_and_the_others_wait() {
    let mut desk = Desk::new();
    assert!(matches!(desk.plan("a"), KeyPlan::Fetch));
    assert!(matches!(desk.plan("a"), KeyPlan::Wait));
    assert!(matches!(desk.plan("b"), KeyPlan::Wait));
    desk.fetched(&["a"]);
    assert!(matches!(desk.plan("a"), KeyPlan::Use(_)));
    assert_eq!(desk.fetches(), 1);
}

#[test]
fn a_fetch_whose_caller_vanished_is_made_again() {
    let mut desk = Desk::new();
    assert!(matches!(desk.plan("a"), KeyPlan::Fetch));
    desk.clock.advance(FETCH_LOST);
    assert!(matches!(desk.plan("a"), KeyPlan::RefuseUntil(_)));
    desk.clock.advance(MINUTE);
    assert!(matches!(desk.plan("a"), KeyPlan::Fetch));
    assert_eq!(desk.cache.metrics(desk.clock.now()).failures, 1);
}

#[test]
fn a_rotation_right_after_a_fetch_loses_no_one() {
    let mut desk = Desk::holding(&["a"]);
    desk.clock.advance(Duration::from_secs(1));
    assert!(matches!(desk.plan("b"), KeyPlan::Fetch));
    desk.fetched(&["a", "b"]);
    assert!(matches!(desk.plan("b"), KeyPlan::Use(_)));
}

#[test]
fn random_key_ids_cause_one_fetch_a_minute() {
    let mut desk = Desk::holding(&["a"]);
    for second in 0..600 {
        if matches!(desk.plan(&format!("random-{second}")), KeyPlan::Fetch) {
            desk.fetched(&["a"]);
        }
        // People with known keys notice nothing.
        assert!(matches!(desk.plan("a"), KeyPlan::Use(_)));
        desk.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(desk.fetches(), 1 + 10);
    assert_eq!(desk.cache.metrics(desk.clock.now()).cooldown_refusals, 590);
}

#[test]
fn an_unknown_key_id_is_remembered_and_forgotten_again() {
    let mut desk = Desk::holding(&["a"]);
    assert!(matches!(desk.plan("x"), KeyPlan::Fetch));
    desk.fetched(&["a"]);
    desk.clock.advance(2 * MINUTE);
    assert!(matches!(desk.plan("x"), KeyPlan::RefuseUntil(_)));
    assert_eq!(desk.cache.metrics(desk.clock.now()).unknown_key_refusals, 1);
    // Another key id fetches, and what it brings is believed at once.
    assert!(matches!(desk.plan("y"), KeyPlan::Fetch));
    desk.fetched(&["a", "x"]);
    assert!(matches!(desk.plan("x"), KeyPlan::Use(_)));
    desk.clock.advance(UNKNOWN_REMEMBERED);
    assert!(matches!(desk.plan("y"), KeyPlan::Fetch));
}

#[test]
fn at_most_256_unknown_key_ids_are_remembered() {
    let mut desk = Desk::holding(&["a"]);
    for index in 0..300 {
        desk.cache.remember_unknown(format!("x{index}"), desk.clock.now());
    }
    assert_eq!(desk.cache.unknown.len(), UNKNOWN_LIMIT);
    assert!(matches!(desk.plan("x299"), KeyPlan::RefuseUntil(_)));
    assert!(matches!(desk.plan("x0"), KeyPlan::Fetch));
}

#[test]
fn a_failed_fetch_takes_no_key_away_and_engages_the_cooldown() {
    let mut desk = Desk::holding(&["a"]);
    desk.clock.advance(DEFAULT_FRESH);
    assert!(matches!(desk.plan("a"), KeyPlan::Fetch));
    assert!(matches!(desk.plan("a"), KeyPlan::Use(_)), "the keys at hand serve while another fetches");
    desk.failed();
    assert!(matches!(desk.plan("a"), KeyPlan::Use(_)));
    assert!(matches!(desk.plan("b"), KeyPlan::RefuseUntil(_)));
    desk.clock.advance(COOLDOWN);
    assert!(matches!(desk.plan("a"), KeyPlan::Fetch));
    assert_eq!(desk.fetches(), 3);
}

#[test]
fn a_key_id_asked_for_while_the_fetch_failed_is_not_taken_for_unknown() {
    let mut desk = Desk::holding(&["a"]);
    assert!(matches!(desk.plan("b"), KeyPlan::Fetch));
    desk.failed();
    desk.clock.advance(COOLDOWN);
    assert!(matches!(desk.plan("b"), KeyPlan::Fetch));
}

#[test]
fn a_first_fetch_that_fails_engages_the_cooldown_too() {
    let mut desk = Desk::new();
    assert!(matches!(desk.plan("a"), KeyPlan::Fetch));
    desk.failed();
    let until = desk.clock.now().saturating_add(COOLDOWN);
    assert!(matches!(desk.plan("a"), KeyPlan::RefuseUntil(at) if at == until));
}

#[test]
fn keys_that_cannot_be_renewed_are_refused_a_day_after_they_stopped_being_fresh() {
    let mut desk = Desk::holding(&["a"]);
    desk.clock.advance(DEFAULT_FRESH + MAX_STALE - MINUTE);
    assert!(matches!(desk.plan("a"), KeyPlan::Fetch));
    desk.failed();
    assert!(matches!(desk.plan("a"), KeyPlan::Use(_)));
    desk.clock.advance(MINUTE);
    assert!(matches!(desk.plan("a"), KeyPlan::Fetch));
    desk.failed();
    assert!(matches!(desk.plan("a"), KeyPlan::RefuseUntil(_)));
}

#[test]
fn cache_control_is_kept_between_five_minutes_and_a_day() {
    for (said, fresh) in [(Duration::ZERO, MIN_FRESH), (10 * MINUTE, 10 * MINUTE), (Duration::MAX, MAX_FRESH)] {
        let mut desk = Desk::new();
        assert!(matches!(desk.plan("a"), KeyPlan::Fetch));
        desk.cache.fetched(jwks(&["a"]), Some(said), desk.clock.now());
        desk.clock.advance(fresh - Duration::from_millis(1));
        assert!(matches!(desk.plan("a"), KeyPlan::Use(_)), "{said:?}");
        desk.clock.advance(Duration::from_millis(1));
        assert!(matches!(desk.plan("a"), KeyPlan::Fetch), "{said:?}");
    }
}

#[test]
fn a_stranger_who_keeps_the_cooldown_going_delays_nobody_whom_the_issuer_signed_in() {
    let mut desk = Desk::holding(&["a"]);
    assert!(matches!(desk.plan("random"), KeyPlan::Fetch));
    desk.fetched(&["a"]);
    desk.clock.advance(Duration::from_secs(1));
    assert!(matches!(desk.plan("next"), KeyPlan::RefuseUntil(_)), "anyone's token waits");
    assert!(matches!(desk.plan_for_answer("next"), KeyPlan::Fetch), "the issuer's own does not");
    desk.fetched(&["a", "next"]);
    assert!(matches!(desk.plan("next"), KeyPlan::Use(_)));
    assert!(matches!(desk.plan_for_answer("other"), KeyPlan::RefuseUntil(_)), "but once in 60 seconds");
    desk.clock.advance(MINUTE);
    assert!(matches!(desk.plan_for_answer("other"), KeyPlan::Fetch));
}

#[test]
fn a_stranger_who_names_tomorrows_key_today_does_not_make_it_unknown_to_the_issuers_own() {
    let mut desk = Desk::holding(&["a"]);
    assert!(matches!(desk.plan("tomorrow"), KeyPlan::Fetch));
    desk.fetched(&["a"]);
    desk.clock.advance(MINUTE + Duration::from_secs(1));
    assert!(matches!(desk.plan("tomorrow"), KeyPlan::RefuseUntil(_)), "remembered as unknown");
    assert!(matches!(desk.plan_for_answer("tomorrow"), KeyPlan::Fetch));
}

#[test]
fn a_failure_cools_everyone_down() {
    let mut desk = Desk::holding(&["a"]);
    assert!(matches!(desk.plan_for_answer("b"), KeyPlan::Fetch));
    desk.failed();
    assert!(matches!(desk.plan_for_answer("b"), KeyPlan::RefuseUntil(_)));
    assert!(matches!(desk.plan("b"), KeyPlan::RefuseUntil(_)));
}
