//! The handlers of the portal's pages.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware;
use axum::response::Response;

use super::accounts::{AccountRow, AccountsPage, RolePage, RoleRow};
use super::answer::{form, query, unreadable};
use super::credentials::CredentialsPage;
use super::{Portal, Stop};
use crate::Error;
use crate::Flow;
use crate::arn::AccountId;
use crate::credentials::Credentials;
use crate::directory::{AssignedRole, DirectoryError, User};
use crate::http::page::{Instant, Next, Refusal};
use crate::http::signin::door::Door;
use crate::http::signin::params::Params;
use crate::http::signin::refusal_of;
use crate::http::signin::return_path::ReturnPath;
use crate::http::signin::session::PortalSession;
use crate::session::{AssumeRole, RoleSessionName};
use crate::time::Timestamp;

/// The largest form of the portal's own pages in bytes.
const FORM_LIMIT: usize = 4096;

/// `GET /`.
pub(super) async fn home(State(portal): State<Arc<Portal>>) -> Response {
    portal.see_other(portal.door.home())
}

/// `GET /` without an operation leads a person to their accounts; anything else at `/` is for the services there.
pub(super) async fn guide(State(portal): State<Arc<Portal>>, request: Request, next: middleware::Next) -> Response {
    let asks = request.uri().query().unwrap_or_default();
    let names_operation = form_urlencoded::parse(asks.as_bytes()).any(|(name, _)| name == "Action");
    if request.method() == Method::GET && request.uri().path() == "/" && !names_operation {
        return portal.see_other(portal.door.home());
    }
    next.run(request).await
}

/// Any path that is none of ours.
pub(super) async fn unknown(State(portal): State<Arc<Portal>>) -> Response {
    let refusal = Refusal::new(
        StatusCode::NOT_FOUND,
        "There is no page here",
        "The address may be mistyped, or the page may have moved.",
        "Your accounts are one step away.",
        Next::Portal,
    );
    portal.answer(Err(refusal.into()))
}

/// `GET /portal`: the accounts of whoever is signed in.
pub(super) async fn accounts(State(portal): State<Arc<Portal>>, headers: HeaderMap, uri: Uri) -> Response {
    portal.answer(list(&portal, &headers, &uri).await)
}

async fn list(portal: &Portal, headers: &HeaderMap, uri: &Uri) -> Result<Response, Stop> {
    let (session, user) = portal.signed_in(headers, || came_from(uri)).await?;
    let params = query(uri.query())?;
    let search = params.optional("q").unwrap_or_default();
    let directory = portal.broker.directory();
    let rows = AccountRow::all(directory, &directory.assigned_roles(user));
    let total = rows.len();
    let (accounts, more) = AccountRow::matching(rows, search);
    let clocks = Clocks::of(portal, &session);
    let page = AccountsPage {
        frame: portal.frame("Your accounts", Some(&user.display_name)),
        user_name: &user.user_name,
        groups: user.groups.join(", "),
        query: search,
        total,
        more,
        accounts,
        ends: clocks.ends,
        provider: &session.provider,
        provider_ends: clocks.provider_ends,
    };
    Ok(portal.page(StatusCode::OK, &page))
}

/// `GET /portal/credentials`: one role, with the button that makes its keys; a link never makes any.
pub(super) async fn role(State(portal): State<Arc<Portal>>, headers: HeaderMap, uri: Uri) -> Response {
    portal.answer(show(&portal, &headers, &uri).await)
}

async fn show(portal: &Portal, headers: &HeaderMap, uri: &Uri) -> Result<Response, Stop> {
    let (session, user) = portal.signed_in(headers, || came_from(uri)).await?;
    let flow = portal.broker.follow(session.correlation_id);
    let assigned = chosen(portal, user, &query(uri.query())?, &flow)?;
    let page = RolePage {
        frame: portal.frame(&assigned.permission_set().name, Some(&user.display_name)),
        account: AccountRow::new(portal.broker.directory(), assigned.account()),
        role: RoleRow::new(&assigned),
    };
    Ok(portal.page(StatusCode::OK, &page))
}

/// `POST /portal/credentials`: makes the keys of one role and shows them, once.
pub(super) async fn credentials(State(portal): State<Arc<Portal>>, request: Request) -> Response {
    portal.answer(make(&portal, request).await)
}

async fn make(portal: &Portal, request: Request) -> Result<Response, Stop> {
    let (parts, body) = request.into_parts();
    portal.same_origin(&parts.headers)?;
    let (session, user) = portal.signed_in(&parts.headers, || portal.door.return_path()).await?;
    let params = form(&parts.headers, body, FORM_LIMIT).await?;
    let flow = portal.broker.follow(session.correlation_id.clone());
    let assigned = chosen(portal, user, &params, &flow)?;
    let minted = mint(&flow, &assigned).map_err(|error| refusal_of(&error, &flow, Next::Portal))?;
    Ok(shown(portal, &session, user, &assigned, &minted))
}

fn mint(flow: &Flow<'_>, assigned: &AssignedRole) -> Result<Credentials, Error> {
    // As in the cloud, a session made from an assignment carries the person's own name.
    let name: RoleSessionName = assigned.user_name().parse()?;
    let session = flow.assume_assigned(assigned, AssumeRole::new(assigned.role_arn().clone(), name))?;
    flow.mint(session)
}

fn shown(
    portal: &Portal,
    session: &PortalSession,
    user: &User,
    assigned: &AssignedRole,
    minted: &Credentials,
) -> Response {
    let set = &assigned.permission_set().name;
    let clocks = Clocks::of(portal, session);
    let page = CredentialsPage {
        frame: portal.frame("Access keys", Some(&user.display_name)),
        account: AccountRow::new(portal.broker.directory(), assigned.account()),
        role: RoleRow::new(assigned),
        profile: format!("{set}-{}", assigned.account()),
        access_key_id: minted.access_key_id().as_str(),
        secret_access_key: minted.secret_access_key().expose(),
        session_token: minted.session_token().expose(),
        session_arn: minted.session().arn().to_string(),
        expires: Instant::new(minted.expiration(), clocks.now),
        ends: clocks.ends,
        provider: &session.provider,
        provider_ends: clocks.provider_ends,
        region: &portal.region,
        sts_url: portal.origin.as_str(),
        s3_url: portal.s3_url.as_deref(),
        gallery_url: portal.gallery_url.as_deref(),
        reference: session.correlation_id.as_str(),
    };
    portal.page(StatusCode::OK, &page)
}

/// The role that `params` name, if it is assigned to `user`.
fn chosen(portal: &Portal, user: &User, params: &Params, flow: &Flow<'_>) -> Result<AssignedRole, Stop> {
    let named = params.required("account").and_then(|account| Ok((account, params.required("role")?)));
    let (account, role) = named.map_err(|_| unreadable(StatusCode::BAD_REQUEST, "No account and role were named."))?;
    let account: AccountId =
        account.parse().map_err(|_| unreadable(StatusCode::BAD_REQUEST, "An account id has twelve digits."))?;
    portal.broker.directory().assigned_role(user, &account, role).map_err(|error| not_assigned(&error, flow).into())
}

fn not_assigned(error: &DirectoryError, flow: &Flow<'_>) -> Refusal {
    let recorded = flow.refuse("assume assigned role", "AccessDenied", &error.to_string());
    if let Err(error) = recorded {
        return refusal_of(&error, flow, Next::Portal);
    }
    Refusal::new(
        StatusCode::FORBIDDEN,
        "This role is not yours to take",
        "You are not assigned this permission set in this account.",
        "Choose one from your accounts, or ask whoever looks after access in your organisation.",
        Next::Portal,
    )
    .following(flow.correlation_id())
}

/// When each session ends, seen from now.
struct Clocks {
    now: Timestamp,
    ends: Instant,
    provider_ends: Option<Instant>,
}

impl Clocks {
    fn of(portal: &Portal, session: &PortalSession) -> Self {
        let now = portal.broker.now();
        let seen = |at| Instant::new(at, now);
        Self { now, ends: seen(session.ends), provider_ends: session.provider_ends.map(seen) }
    }
}

fn came_from(uri: &Uri) -> ReturnPath {
    uri.path_and_query().and_then(|path| ReturnPath::parse(path.as_str())).unwrap_or_else(|| Door::Portal.return_path())
}
