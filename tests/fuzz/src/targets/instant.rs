//! Instants of the wire. A finding: text that is read and written back as another instant.

use daypass::time::Timestamp;

/// Reads `data` as each kind of instant.
pub fn target(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(instant) = Timestamp::parse_rfc3339(text) {
        assert!(instant >= Timestamp::EPOCH && instant <= Timestamp::MAX);
        assert_eq!(Timestamp::parse_rfc3339(&instant.to_string()), Ok(instant.whole_seconds()), "{text}");
    }
    if let Ok(instant) = Timestamp::parse_amz_date(text) {
        assert_eq!(instant.amz_date(), text);
    }
}
