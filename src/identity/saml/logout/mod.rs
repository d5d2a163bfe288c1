//! Single logout, in both directions (saml-core 3.7, saml-profiles 4.4).
//!
//! Out: [`LogoutRequest`] and [`LogoutResponse`], always signed. In: an [`UnverifiedLogoutRequest`] or
//! [`UnverifiedLogoutResponse`], the provider it should come from, and `now`. Refused: everything one of [`RULES`] names, and
//! first of all what is not signed: a logout that anyone could send is a way to throw people out.
//!
//! A [`SamlSession`] says what must be kept beside a session of this service so that it can take part.

mod endpoint;
mod request;
mod response;
mod rules;
mod session;
mod unverified;
mod verify;

pub use request::LogoutRequest;
pub use response::{LogoutResponse, LogoutStatus};
pub(super) use rules::QUERY;
pub use rules::RULES;
pub use session::SamlSession;
pub use unverified::{UnverifiedLogoutRequest, UnverifiedLogoutResponse};
pub use verify::{LogoutRequested, verify_logout_request, verify_logout_response};
