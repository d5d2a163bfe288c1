//! An authenticator application: what it shows for a seed at an instant (RFC 6238), told without the library's help.

use aws_lc_rs::hmac;
use daypass::time::Timestamp;

/// The code shown `steps` half minutes after `at`.
pub(crate) fn code(seed: &str, at: Timestamp, steps: i64) -> String {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = seed.chars().map(|letter| format!("{:05b}", alphabet.find(letter).unwrap())).collect();
    let bytes: Vec<u8> =
        (0..bits.len() / 8).map(|at| u8::from_str_radix(&bits[8 * at..8 * at + 8], 2).unwrap()).collect();
    let counter = u64::try_from(at.unix_seconds() / 30 + steps).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes);
    let tag = hmac::sign(&key, &counter.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag[19] & 15);
    let number = u32::from_be_bytes(tag[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// A code that is none of the device's about `at`.
pub(crate) fn wrong(seed: &str, at: Timestamp) -> String {
    let shown: Vec<String> = (-60..=61).map(|steps| code(seed, at, steps)).collect();
    (0..1_000_000).map(|number| format!("{number:06}")).find(|code| !shown.contains(code)).unwrap()
}
