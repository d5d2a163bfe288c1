//! What weakens a provider, each by its own name.
//!
//! Nothing here is on by default. Every relaxation that a provider carries is listed by [`Relaxations::names`], which
//! belongs into the audit trail of each verification.

use super::metadata::IdpMetadata;
use super::xml::{Cdata, Profile};
use super::{SamlError, SamlProvider};

/// The relaxations of one provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Relaxations {
    bits: u8,
}

const SHA1: u8 = 1;
const SMALL_RSA: u8 = 1 << 1;
const CBC: u8 = 1 << 2;
const UNSIGNED_CBC: u8 = 1 << 3;
const AES_192: u8 = 1 << 4;
const EXTENSIONS: u8 = 1 << 5;
const CDATA: u8 = 1 << 6;

pub(super) const NAME_SHA1: &str = "sha1";
pub(super) const NAME_SMALL_RSA: &str = "small_rsa";
pub(super) const NAME_EXTENSIONS: &str = "extensions";
/// An option of a provider rather than a relaxation of the profile, and told of as one.
pub(super) const NAME_UNSOLICITED: &str = "unsolicited";
pub(super) const NAME_CDATA: &str = "cdata";

impl Relaxations {
    /// No relaxation at all.
    #[must_use]
    pub const fn none() -> Self {
        Self { bits: 0 }
    }

    /// Accepts RSA signatures and digests with SHA-1: whoever can make colliding documents can forge.
    #[must_use]
    pub const fn allow_sha1(self) -> Self {
        self.with(SHA1)
    }

    /// Accepts RSA signing keys from 1,024 to 2,047 bits: within reach of a well-funded attacker.
    #[must_use]
    pub const fn allow_small_rsa(self) -> Self {
        self.with(SMALL_RSA)
    }

    /// Accepts AES-CBC inside a signed response, whose ciphertext nobody can vary.
    #[must_use]
    pub const fn allow_cbc(self) -> Self {
        self.with(CBC)
    }

    /// Accepts AES-CBC in an unsigned response too: whoever can send responses and see how long their refusal takes may
    /// read assertions he captured (Jager and Somorovsky, 2011).
    #[must_use]
    pub const fn allow_cbc_in_unsigned_responses(self) -> Self {
        self.with(CBC | UNSIGNED_CBC)
    }

    /// Accepts AES-192, which is sound and rarely implemented well.
    #[must_use]
    pub const fn allow_aes_192(self) -> Self {
        self.with(AES_192)
    }

    /// Ignores `samlp:Extensions` instead of refusing it.
    #[must_use]
    pub const fn allow_extensions(self) -> Self {
        self.with(EXTENSIONS)
    }

    /// Reads CDATA sections as the text they stand for instead of refusing them. The signed bytes hold none, and only
    /// those are read from; what is given up is the refusal of a construct that other readers of the message may split.
    #[must_use]
    pub const fn allow_cdata(self) -> Self {
        self.with(CDATA)
    }

    /// The names of what is relaxed, for configuration listings and the audit trail.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        [
            (SHA1, NAME_SHA1),
            (SMALL_RSA, NAME_SMALL_RSA),
            (CBC, "cbc"),
            (UNSIGNED_CBC, "cbc_in_unsigned_responses"),
            (AES_192, "aes_192"),
            (EXTENSIONS, NAME_EXTENSIONS),
            (CDATA, NAME_CDATA),
        ]
        .into_iter()
        .filter_map(move |(bit, name)| self.has(bit).then_some(name))
    }

    /// Both of these.
    pub(super) const fn and(self, other: Self) -> Self {
        self.with(other.bits)
    }

    pub(super) const fn sha1(self) -> bool {
        self.has(SHA1)
    }

    pub(super) const fn small_rsa(self) -> bool {
        self.has(SMALL_RSA)
    }

    pub(super) const fn cbc(self, inside_signature: bool) -> bool {
        self.has(UNSIGNED_CBC) || (inside_signature && self.has(CBC))
    }

    pub(super) const fn aes_192(self) -> bool {
        self.has(AES_192)
    }

    pub(super) const fn extensions(self) -> bool {
        self.has(EXTENSIONS)
    }

    /// What a message may hold under these relaxations.
    pub(super) const fn message(self) -> Profile {
        match self.cdata() {
            true => Profile { cdata: Cdata::Text, ..Profile::MESSAGE },
            false => Profile::MESSAGE,
        }
    }

    pub(super) const fn cdata(self) -> bool {
        self.has(CDATA)
    }

    const fn with(self, bits: u8) -> Self {
        Self { bits: self.bits | bits }
    }

    const fn has(self, bit: u8) -> bool {
        self.bits & bit != 0
    }
}

/// As [`SamlProvider::new`], with `relaxations` in force from the reading of the keys on.
///
/// # Errors
/// As [`SamlProvider::new`].
pub fn provider(
    idp_metadata: &str,
    sp_entity_id: &str,
    acs_url: &str,
    relaxations: Relaxations,
) -> Result<SamlProvider, SamlError> {
    from_metadata(IdpMetadata::parse(idp_metadata)?, sp_entity_id, acs_url, relaxations)
}

/// As [`SamlProvider::from_metadata`], with `relaxations` in force.
///
/// # Errors
/// As [`SamlProvider::from_metadata`].
pub fn from_metadata(
    metadata: IdpMetadata,
    sp_entity_id: &str,
    acs_url: &str,
    relaxations: Relaxations,
) -> Result<SamlProvider, SamlError> {
    SamlProvider::build(metadata, sp_entity_id, acs_url, relaxations)
}
