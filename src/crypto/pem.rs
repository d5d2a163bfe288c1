//! Private keys in their textual encoding (RFC 7468).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::SecretBytes;

/// The bytes of the first block called `label`, such as `PRIVATE KEY`. What is on the way to them is wiped too.
pub(super) fn private_block(pem: &str, label: &str) -> Option<SecretBytes> {
    let (_, rest) = pem.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let packed = SecretBytes::new(body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect());
    STANDARD.decode(packed.expose()).ok().map(SecretBytes::new)
}
