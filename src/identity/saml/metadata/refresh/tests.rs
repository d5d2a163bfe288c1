use super::*;
use crate::identity::saml::{MetadataError, MetadataPolicy, SamlError};
use crate::time::{Clock, ManualClock};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const IDP: &str = "https://idp.example/metadata";
/// Two keys, valid until 2099.
const ENTITY: &str = include_str!("../../../../../tests/vectors/saml/metadata/entity.xml");

fn start() -> Timestamp {
    Timestamp::parse_rfc3339("2026-06-01T12:00:00Z").unwrap()
}

fn document(attributes: &str) -> String {
    ENTITY.replace(r#"validUntil="2099-01-01T00:00:00Z""#, attributes)
}

fn provider(xml: &str) -> SamlProvider {
    SamlProvider::new(xml, "https://sp.example", "https://sp.example/acs").unwrap()
}

struct Desk {
    cache: MetadataCache,
    clock: ManualClock,
}

impl Desk {
    fn new(attributes: &str) -> Self {
        Self::caching(attributes, HttpCaching::default())
    }

    fn caching(attributes: &str, caching: HttpCaching) -> Self {
        let cache = MetadataCache::new(&provider(&document(attributes)), caching, start());
        Self { cache, clock: ManualClock::new(start()) }
    }

    fn plan(&mut self, cause: RefreshCause) -> MetadataPlan {
        self.cache.plan(cause, self.clock.now())
    }

    fn due(&mut self) -> MetadataPlan {
        self.plan(RefreshCause::Due)
    }

    fn renewed(&mut self) {
        self.cache.renewed(&provider(&document("")), HttpCaching::default(), self.clock.now());
    }

    fn failed(&mut self) {
        self.cache.failed(self.clock.now());
    }

    /// How long the copy is fresh.
    fn fresh(&mut self) -> Duration {
        self.cache.fresh_until.duration_since(start())
    }

    fn serves(&self) -> bool {
        self.cache.provider().in_service(self.clock.now()).is_ok()
    }
}

#[test]
fn cache_duration_and_cache_control_are_kept_between_five_minutes_and_a_day() {
    let seconds = |seconds: u64| HttpCaching::new(Some(Duration::from_secs(seconds)), None);
    for (attributes, caching, fresh) in [
        ("", HttpCaching::default(), DEFAULT_FRESH),
        (r#"cacheDuration="PT6H""#, HttpCaching::default(), 6 * HOUR),
        (r#"cacheDuration="P1Y""#, HttpCaching::default(), MAX_FRESH),
        (r#"cacheDuration="PT1S""#, HttpCaching::default(), MIN_FRESH),
        ("", seconds(600), 10 * MINUTE),
        ("", seconds(0), MIN_FRESH),
        ("", seconds(u64::MAX), MAX_FRESH),
        // The shorter of both: neither the publisher nor the server wants it kept for longer.
        (r#"cacheDuration="PT6H""#, seconds(600), 10 * MINUTE),
        (r#"cacheDuration="PT6M""#, seconds(86_400), 6 * MINUTE),
    ] {
        assert_eq!(Desk::caching(attributes, caching.clone()).fresh(), fresh, "{attributes} {caching:?}");
    }
}

#[test]
fn metadata_is_renewed_before_it_runs_out() {
    assert_eq!(Desk::new(r#"validUntil="2026-06-01T12:40:00Z""#).fresh(), 30 * MINUTE);
    assert_eq!(
        Desk::new(r#"validUntil="2026-06-01T12:02:00Z" cacheDuration="P1D""#).fresh(),
        90 * Duration::from_secs(1)
    );
    assert_eq!(Desk::new(r#"validUntil="2026-07-01T12:00:00Z" cacheDuration="P1D""#).fresh(), DAY);
}

#[test]
fn one_caller_fetches_and_the_others_use_the_copy_at_hand() {
    let mut desk = Desk::new("");
    assert_eq!(desk.due(), MetadataPlan::Use);
    desk.clock.advance(DEFAULT_FRESH);
    assert_eq!(desk.due(), MetadataPlan::UseAndFetch);
    assert_eq!(desk.due(), MetadataPlan::Use);
    assert_eq!(desk.plan(RefreshCause::UnknownKey), MetadataPlan::Wait);
    desk.renewed();
    assert_eq!(desk.due(), MetadataPlan::Use);
    assert_eq!(desk.cache.metrics(desk.clock.now()).fetches, 1);
}

#[test]
fn a_fetch_whose_caller_vanished_is_made_again() {
    let mut desk = Desk::new("");
    desk.clock.advance(DEFAULT_FRESH);
    assert_eq!(desk.due(), MetadataPlan::UseAndFetch);
    desk.clock.advance(FETCH_LOST);
    assert_eq!(desk.due(), MetadataPlan::UseAndFetch);
    assert_eq!(desk.cache.metrics(desk.clock.now()).failures, 1);
}

#[test]
fn a_copy_that_has_run_out_is_not_used_while_another_is_fetched() {
    let mut desk = Desk::new(r#"validUntil="2026-06-01T12:40:00Z""#);
    desk.clock.advance(40 * MINUTE);
    assert!(!desk.serves());
    assert_eq!(desk.due(), MetadataPlan::Fetch);
    assert_eq!(desk.due(), MetadataPlan::Wait);
    desk.renewed();
    assert!(desk.serves());
}

#[test]
fn a_rollover_that_nobody_announced_loses_no_one_and_forgeries_flood_no_one() {
    let mut desk = Desk::new("");
    let mut fetches = 0;
    for _ in 0..600 {
        if desk.plan(RefreshCause::UnknownKey) == MetadataPlan::Fetch {
            fetches += 1;
            desk.renewed();
        }
        desk.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(fetches, 10);
}

#[test]
fn failures_take_no_key_away_and_are_further_and_further_apart() {
    let mut desk = Desk::new("");
    desk.clock.advance(DEFAULT_FRESH);
    assert_eq!(desk.due(), MetadataPlan::UseAndFetch);
    let mut waits = Vec::new();
    for _ in 0..9 {
        desk.failed();
        assert!(desk.serves());
        let mut minutes = 0;
        while desk.due() == MetadataPlan::Use {
            desk.clock.advance(MINUTE);
            minutes += 1;
        }
        waits.push(minutes);
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    assert_eq!(desk.cache.metrics(desk.clock.now()).failures, 9);
    desk.renewed();
    desk.clock.advance(DEFAULT_FRESH);
    assert_eq!(desk.due(), MetadataPlan::UseAndFetch);
    desk.failed();
    desk.clock.advance(COOLDOWN);
    assert_eq!(desk.due(), MetadataPlan::UseAndFetch, "a success ends the row");
}

#[test]
fn an_unknown_key_causes_no_fetch_right_after_a_failure_and_an_operator_always_may() {
    let mut desk = Desk::new("");
    assert_eq!(desk.plan(RefreshCause::Asked), MetadataPlan::Fetch);
    desk.failed();
    assert_eq!(desk.plan(RefreshCause::UnknownKey), MetadataPlan::Use);
    assert_eq!(desk.plan(RefreshCause::Asked), MetadataPlan::Fetch);
    assert_eq!(desk.plan(RefreshCause::Asked), MetadataPlan::Wait);
    desk.cache.refused(desk.clock.now());
    assert_eq!(desk.cache.metrics(desk.clock.now()).refusals, 1);
    desk.clock.advance(COOLDOWN);
    assert_eq!(desk.plan(RefreshCause::UnknownKey), MetadataPlan::Fetch);
}

#[test]
fn the_last_good_copy_serves_until_it_runs_out_and_fourteen_days_at_most() {
    for (attributes, lasting) in [
        (r#"validUntil="2026-06-03T12:00:00Z""#, 2 * DAY),
        (r#"validUntil="2099-01-01T00:00:00Z""#, MAX_STALE),
        ("", MAX_STALE),
    ] {
        let desk = Desk::new(attributes);
        desk.clock.advance(lasting - MINUTE);
        assert!(desk.serves(), "{attributes}");
        desk.clock.advance(MINUTE);
        assert!(!desk.serves(), "{attributes}");
    }
}

#[test]
fn what_is_not_modified_is_confirmed_and_keeps_its_own_end() {
    let etag = || Some("\"1\"".to_owned());
    let mut desk = Desk::caching(r#"validUntil="2026-06-20T12:00:00Z""#, HttpCaching::new(None, etag()));
    desk.clock.advance(10 * DAY);
    assert_eq!(desk.due(), MetadataPlan::UseAndFetch);
    assert_eq!(desk.cache.etag(), etag().as_deref());
    desk.cache.not_modified(Some(10 * MINUTE), desk.clock.now());
    assert_eq!(desk.cache.etag(), etag().as_deref());
    assert_eq!(desk.cache.metrics(desk.clock.now()).age_seconds, 0);
    assert_eq!(desk.cache.metrics(desk.clock.now()).renewals, 0);
    assert_eq!(desk.due(), MetadataPlan::Use);
    desk.clock.advance(9 * DAY - MINUTE);
    assert!(desk.serves(), "confirmed nine days ago");
    desk.clock.advance(MINUTE);
    desk.cache.not_modified(None, desk.clock.now());
    desk.clock.advance(DAY);
    assert!(!desk.serves(), "no server prolongs what the publisher ended");
}

#[test]
fn a_copy_read_from_a_file_is_as_old_as_the_file() {
    let written = start();
    let now = written.saturating_add(13 * DAY);
    let mut cache = MetadataCache::new(&provider(&document("")), HttpCaching::default(), written);
    assert_eq!(cache.plan(RefreshCause::Due, now), MetadataPlan::UseAndFetch);
    assert!(cache.provider().in_service(now).is_ok());
    assert!(cache.provider().in_service(now.saturating_add(DAY)).is_err());
}

/// What newer metadata may not do.
fn refused(newer: &str) -> MetadataError {
    let current = provider(&document(""));
    let policy = MetadataPolicy::new(IDP).unwrap();
    match policy.renew(&current, newer, start()).unwrap_err() {
        SamlError::Metadata(error) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn newer_metadata_never_lowers_what_was_demanded() {
    let same = document("");
    // A key descriptor without a signing key, or without any.
    let encryption = same.replace("<KeyDescriptor use=\"signing\">", "<KeyDescriptor use=\"encryption\">");
    let encryption = encryption.replace("<KeyDescriptor>", "<KeyDescriptor use=\"encryption\">");
    assert_eq!(refused(&encryption), MetadataError::NoSigningKey { last: None });
    // A key that cannot be read beside one that can: whoever damaged it may have damaged more.
    let unreadable = same.replacen("<ds:X509Certificate>\n", "<ds:X509Certificate>\nAAAA", 1);
    assert_eq!(refused(&unreadable), MetadataError::CertificateMalformed);
    assert_eq!(refused(&same.replace(IDP, "https://evil.example")), MetadataError::EntityNotFound);
    let ended = document(r#"validUntil="2026-06-01T12:00:00Z""#);
    assert_eq!(refused(&ended), MetadataError::RunOut { valid_until: start() });
    assert_eq!(
        refused(&same.replace("https://idp.example/sso", "http://idp.example/sso")),
        MetadataError::EndpointDowngraded
    );
    assert!(matches!(refused("<html>we are down for maintenance</html>"), MetadataError::Shape { .. }));
    let unsigned = ENTITY.replacen("<ds:Signature ", "<ds:Removed ", 1).replacen("</ds:Signature>", "</ds:Removed>", 1);
    let signers = include_str!("../../../../../tests/vectors/saml/metadata/signer.pem");
    let policy = MetadataPolicy::new(IDP).unwrap().with_signers([signers]).unwrap();
    let current = provider(ENTITY);
    assert!(policy.renew(&current, ENTITY, start()).is_ok());
    assert_eq!(policy.renew(&current, &unsigned, start()).unwrap_err(), MetadataError::NotSigned.into());
}

#[test]
fn newer_metadata_may_bring_keys_and_take_keys_away() {
    let both = provider(&document(""));
    let second = "<KeyDescriptor>";
    let one = document("").replace(second, "<KeyDescriptor use=\"encryption\">");
    let policy = MetadataPolicy::new(IDP).unwrap();
    let fewer = policy.renew(&both, &one, start()).unwrap();
    assert_eq!((both.pinned_keys().len(), fewer.pinned_keys().len()), (2, 1));
    assert_eq!(policy.renew(&fewer, &document(""), start()).unwrap().pinned_keys().len(), 2);
}
