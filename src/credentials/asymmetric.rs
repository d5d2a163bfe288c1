//! The key pair that Signature Version 4A derives from an access key: its counter-mode derivation (SP 800-108, 4.1) over the
//! secret, and the public half of what comes out of it.

use zeroize::Zeroizing;

use super::{AccessKeyId, SecretAccessKey};
use crate::crypto::{CryptoError, MacKey, P256PublicKey};

/// The label of the derivation, which is the name of the algorithm.
const LABEL: &[u8] = b"AWS4-ECDSA-P256-SHA256";
/// The last counter that is tried; already the second one is needed by one access key in four billions.
const LAST_COUNTER: u8 = 254;
/// The order of P-256 (SP 800-186, 3.2.1.3) less two: the greatest candidate of which one more is a private scalar.
const GREATEST: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x4f,
];

/// The public key that verifies what the holder of an access key signs with Signature Version 4A. It belongs to no day,
/// region or service: these stand in what is signed alone.
///
/// # Errors
/// [`CryptoError::Unsupported`] where the backend computes no public keys.
pub(super) fn public_key(access_key_id: &AccessKeyId, secret: &SecretAccessKey) -> Result<P256PublicKey, CryptoError> {
    P256PublicKey::supported()?;
    let start = Zeroizing::new(["AWS4A", secret.expose()].concat());
    let key = MacKey::new(start.as_bytes());
    let candidates = (1..=LAST_COUNTER).map(|counter| Zeroizing::new(key.sign(&fixed_input(access_key_id, counter))));
    let scalar = first_scalar(candidates);
    P256PublicKey::of_scalar(&*scalar.ok_or(CryptoError::KeyMalformed { expected: "a secret that gives a scalar" })?)
}

/// The block counter of the derivation, its label, a zero, the context (id and counter), and the length of the result in bits.
fn fixed_input(access_key_id: &AccessKeyId, counter: u8) -> Vec<u8> {
    let (block, bits) = (1_u32.to_be_bytes(), 256_u32.to_be_bytes());
    [&block, LABEL, &[0], access_key_id.as_str().as_bytes(), &[counter], &bits].concat()
}

/// One more than the first candidate of which that is a private scalar (FIPS 186-5, A.2.2).
fn first_scalar(mut candidates: impl Iterator<Item = Zeroizing<[u8; 32]>>) -> Option<Zeroizing<[u8; 32]>> {
    candidates.find(|candidate| !exceeds(candidate, &GREATEST)).map(plus_one)
}

/// Whether `number` is greater than `limit`, in time independent of both: the borrow of their subtraction.
fn exceeds(number: &[u8; 32], limit: &[u8; 32]) -> bool {
    let borrow = limit.iter().zip(number).rev().fold(0, |borrow, (limit, digit)| {
        let difference = u16::from(*limit).wrapping_sub(u16::from(*digit)).wrapping_sub(borrow);
        std::hint::black_box(difference >> 15)
    });
    borrow != 0
}

/// One more than `number`, in time independent of it.
fn plus_one(mut number: Zeroizing<[u8; 32]>) -> Zeroizing<[u8; 32]> {
    let mut carry = 1;
    for digit in number.iter_mut().rev() {
        [*digit, carry] = u16::from(*digit).wrapping_add(u16::from(carry)).to_le_bytes();
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalar_of(candidates: &[[u8; 32]]) -> Option<[u8; 32]> {
        first_scalar(candidates.iter().copied().map(Zeroizing::new)).map(|scalar| *scalar)
    }

    /// `GREATEST` with another last byte, which is 0x4f.
    fn near(last: u8) -> [u8; 32] {
        let mut number = GREATEST;
        number[31] = last;
        number
    }

    fn small(last: u8) -> [u8; 32] {
        let mut number = [0; 32];
        number[31] = last;
        number
    }

    #[test]
    fn a_candidate_counts_when_one_more_is_a_scalar() {
        for (candidate, scalar) in
            [(small(0), small(1)), (small(0xfe), small(0xff)), (near(0x4e), near(0x4f)), (near(0x4f), near(0x50))]
        {
            assert_eq!(scalar_of(&[candidate]), Some(scalar));
        }
        let mut carried = [0; 32];
        (carried[0], carried[1]) = (0x01, 0x00);
        let mut before = [0xff; 32];
        before[0] = 0;
        assert_eq!(scalar_of(&[before]), Some(carried));
        let mut third = small(0xff);
        (third[30], third[29]) = (0xff, 7);
        let mut fourth = small(0);
        fourth[29] = 8;
        assert_eq!(scalar_of(&[third]), Some(fourth));
    }

    #[test]
    fn a_candidate_that_is_too_great_gives_way_to_the_next() {
        let mut in_the_middle = GREATEST;
        in_the_middle[16] += 1;
        let mut early = small(0);
        early[..5].fill(0xff);
        for great in [near(0x50), near(0x51), [0xff; 32], in_the_middle, early] {
            assert_eq!(scalar_of(&[great]), None, "{great:?}");
            assert_eq!(scalar_of(&[great, great, small(1), small(3)]), Some(small(2)));
        }
        // Smaller where it counts, and greater in every byte after.
        let mut smaller = [0xff; 32];
        smaller[3] = 0xfe;
        assert!(scalar_of(&[smaller]).is_some());
        assert_eq!(scalar_of(&[]), None);
    }

    #[test]
    fn the_input_of_the_derivation_is_that_of_the_specification() {
        let id: AccessKeyId = "AKIDEXAMPLE".parse().unwrap();
        let expected = b"\x00\x00\x00\x01AWS4-ECDSA-P256-SHA256\x00AKIDEXAMPLE\x07\x00\x00\x01\x00";
        assert_eq!(fixed_input(&id, 7), expected);
    }

    /// The public test suite of Signature Version 4A publishes the point of this access key; the scalar is the one that the
    /// SDK for Rust derives of it.
    #[test]
    fn the_published_scalar_is_derived() {
        let id: AccessKeyId = "AKIDEXAMPLE".parse().unwrap();
        let key = MacKey::new(b"AWS4AwJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY");
        assert_eq!(
            scalar_of(&[key.sign(&fixed_input(&id, 1))]).map(|scalar| crate::crypto::hex(&scalar)).as_deref(),
            Some("7efc8c0e65a324242818c5a50c891c6060b6a00717b7ba3cbe3c5d765be9259c")
        );
    }
}
