//! An authenticator application: what it shows for a seed at an instant (RFC 6238), told without the library's help.

use aws_lc_rs::hmac;
use daypass::time::Timestamp;

/// The code shown `steps` half minutes after `at`.
pub(crate) fn code(seed: &str, at: Timestamp, steps: i64) -> String {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = seed.chars().map(|letter| format!("{:05b}", alphabet.find(letter).unwrap())).collect();
    let byte = |bits: &[u8]| u8::from_str_radix(str::from_utf8(bits).unwrap(), 2).unwrap();
    let bytes: Vec<u8> = bits.as_bytes().chunks_exact(8).map(byte).collect();
    let counter = u64::try_from(at.unix_seconds() / 30 + steps).unwrap();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes);
    let tag = hmac::sign(&key, &counter.to_be_bytes());
    let tag = tag.as_ref();
    let offset = usize::from(tag.last().unwrap() & 15);
    let number = u32::from_be_bytes(tag.get(offset..offset + 4).unwrap().try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// A code that is none of the device's about `at`.
pub(crate) fn wrong(seed: &str, at: Timestamp) -> String {
    let shown: Vec<String> = (-60..=61).map(|steps| code(seed, at, steps)).collect();
    (0..1_000_000).map(|number| format!("{number:06}")).find(|code| !shown.contains(code)).unwrap()
}
