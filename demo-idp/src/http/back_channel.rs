//! Logout tokens on their way to the clients that somebody was signed in to (OpenID Connect Back-Channel Logout 1.0).

use crate::core::Core;
use crate::fault::Target;
use crate::flows::Session;
use crate::oidc::logout_token::{Ended, mint};
use crate::relying::Client;
use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, HOST};
use axum::http::{Request, Uri};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// A person waits meanwhile, and a client that is away must not keep them.
const PATIENCE: Duration = Duration::from_secs(2);

/// Tells every client that one of the sessions led to, all at once, and gives which ones say that it is done.
pub(super) async fn tell(core: &Core, ended: &[Session]) -> Vec<(usize, bool)> {
    let mut asked = JoinSet::new();
    let mut told = Vec::new();
    for (session, index) in
        ended.iter().flat_map(|session| session.clients().iter().map(move |index| (session, *index)))
    {
        let notice = core.clients.get(index).and_then(|client| notice(core, client, session));
        match notice {
            Some((uri, token)) => {
                asked.spawn(
                    async move { (index, matches!(timeout(PATIENCE, post(&uri, &token)).await, Ok(Some(true)))) },
                );
            }
            None => told.push((index, false)),
        }
    }
    while let Some(answered) = asked.join_next().await {
        // Only a task that panicked gives nothing, and there is nothing in it to panic.
        told.extend(answered);
    }
    told.sort_unstable();
    told.dedup();
    told
}

/// What `tell` did, for the request log.
pub(super) fn in_words(core: &Core, told: &[(usize, bool)]) -> String {
    let each = told.iter().filter_map(|(index, done)| {
        let client = core.clients.get(*index)?;
        Some(format!("; {} {}", client.id(), if *done { "was told" } else { "could not be told" }))
    });
    each.collect()
}

/// Where a client is told that this session is over, and by what token.
fn notice(core: &Core, client: &Client, session: &Session) -> Option<(Uri, String)> {
    let logout = client.backchannel_logout()?;
    let session_id = logout.session_required.then_some(session.index.as_str());
    let ended = Ended { subject: &session.user, session_id };
    let token = mint(core, client, ended, core.faults.take(Target::LogoutToken)).ok()?;
    Some((logout.uri.parse().ok()?, token))
}

/// Posts a token, and gives whether it was taken (section 2.8); `None` when nobody answers.
async fn post(uri: &Uri, token: &str) -> Option<bool> {
    let host = uri.host()?;
    let address = (host.trim_matches(['[', ']']), uri.port_u16().unwrap_or(80));
    let stream = TcpStream::connect(address).await.ok()?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
    // Ends with this call, whichever way that ends.
    let mut driver = JoinSet::new();
    driver.spawn(connection);
    let form = form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", token).finish();
    let request = Request::post(uri.path_and_query().map_or("/", |path| path.as_str()))
        .header(HOST, uri.authority()?.as_str())
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form))
        .ok()?;
    Some(sender.send_request(request).await.ok()?.status().is_success())
}
