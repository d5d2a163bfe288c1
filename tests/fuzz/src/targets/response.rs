//! The bytes of a response as they come, a stranger's. A finding: anything accepted that is not word for word what the
//! identity provider of the harness signed in the seeds, or a document that takes too long.

use super::wrapping;
use crate::judge::Judge;

/// Judges `data` by every judge.
pub fn target(data: &[u8]) {
    for judge in Judge::ALL {
        if let Ok(identity) = judge.verdict(data) {
            wrapping::known(&identity);
        }
    }
}
