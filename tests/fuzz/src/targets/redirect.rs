//! Logout messages by HTTP-Redirect. The first byte says what the rest is: a raw query, or what the identity provider
//! deflated and signed. A finding: a query accepted that differs from the signed ones in a parameter that counts, or
//! something inflated past the limit.

use std::sync::LazyLock;

use daypass::identity::saml::{LogoutStatus, UnverifiedLogoutRequest, UnverifiedLogoutResponse};

use super::logout;
use crate::idp::{self, REQUEST, TRUSTED};
use crate::judge::Judge;

/// An honest query, for seeds and edits.
pub static HONEST: LazyLock<[String; 2]> = LazyLock::new(|| {
    [("SAMLRequest", "LogoutRequest"), ("SAMLResponse", "LogoutResponse")]
        .map(|(parameter, kind)| idp::signed_query(parameter, &idp::deflated(idp::logout(kind).as_bytes()), &TRUSTED))
});

/// Judges the query in `data`, or one that carries it.
pub fn target(data: &[u8]) {
    let [mode, rest @ ..] = data else { return };
    let (judge, response) = (Judge::chosen_by(mode >> 3), mode & 1 != 0);
    let query = match mode & 6 {
        0 | 2 => match std::str::from_utf8(rest) {
            Ok(text) => text.to_owned(),
            Err(_) => return,
        },
        4 => spliced(&HONEST[usize::from(response)], rest),
        _ => idp::signed_query(if response { "SAMLResponse" } else { "SAMLRequest" }, rest, &TRUSTED),
    };
    let signed_now = mode & 6 == 6;
    if response {
        let verdict = judge.logout_response(data, || UnverifiedLogoutResponse::from_redirect(&query, REQUEST));
        if let (Ok(status), false) = (verdict, signed_now) {
            assert_eq!(status, LogoutStatus::Success);
        }
    } else if let (Ok(request), false) =
        (judge.logout_request(data, || UnverifiedLogoutRequest::from_redirect(&query)), signed_now)
    {
        assert_eq!(request.relay_state(), Some("here"));
        logout::known(&request);
    }
}

/// An honest query with pieces of `edits` put into it: every second byte says where, and how many to drop there.
fn spliced(honest: &str, edits: &[u8]) -> String {
    let mut query = honest.as_bytes().to_vec();
    for edit in edits.chunks(8) {
        let [high, low, drop, insert @ ..] = edit else { break };
        let at = (usize::from(*high) << 8 | usize::from(*low)) % (query.len() + 1);
        let end = (at + usize::from(drop % 8)).min(query.len());
        query.splice(at..end, insert.iter().copied());
    }
    String::from_utf8_lossy(&query).into_owned()
}
