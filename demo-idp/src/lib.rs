//! An identity provider for demonstrations and tests: SAML 2.0 and OpenID Connect, with real sign-in pages, real keys and
//! deliberate faults, in this process and started in milliseconds.
//!
//! It shares no code with any library that verifies what it issues, so that a test of such a library against it is a
//! test of two readings of the standards.
//!
//! # Quick start
//!
//! ```
//! use demo_idp::{Fault, IdTokenRequest, Idp, ServiceProvider, User};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), demo_idp::IdpError> {
//! let idp = Idp::builder()
//!     .user(User::new("martha", "correct-horse").with_groups(["Admins"]))
//!     .service_provider(ServiceProvider::new("https://sp.example/saml", "https://sp.example/saml/acs"))
//!     .audience("sts.example")
//!     .seed(7)
//!     .start()
//!     .await?;
//!
//! println!("issuer {}, SAML metadata at {}", idp.issuer(), idp.saml_entity_id());
//! let saml_response = idp.assertion("martha")?;
//! let id_token = idp.id_token("martha", "sts.example")?;
//! assert_eq!(id_token.split('.').count(), 3);
//!
//! // What your verifier must refuse, made on purpose.
//! let expired = idp.id_token_for(IdTokenRequest::new("martha", "sts.example").with_fault(Fault::Expired))?;
//! idp.break_next(Fault::WrongAudience);
//! # let _ = (saml_response, expired);
//! drop(idp); // stops listening
//! # Ok(()) }
//! ```
//!
//! # Testing a relying party
//!
//! ```
//! use demo_idp::{Client, Fault, Idp, User};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), demo_idp::IdpError> {
//! # let jwks = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
//! let idp = Idp::builder()
//!     .user(User::new("martha", "correct-horse"))
//!     .client(Client::confidential("portal", "s3cret", ["http://127.0.0.1:9000/callback"]).with_refresh_tokens())
//!     // Authenticates by private_key_jwt, must push its requests and prove a key.
//!     .client(
//!         Client::public("strict", ["http://127.0.0.1:9001/callback"])
//!             .with_jwks(jwks)
//!             .with_required_par()
//!             .with_required_dpop(),
//!     )
//!     .dpop_nonce(true)
//!     .start()
//!     .await?;
//!
//! // Your relying party finds everything else at idp.issuer(). Then, while it runs:
//! idp.rotate_keys()?; // does it fetch the new key set?
//! idp.withdraw_old_keys(); // and does it forget the old one?
//! idp.break_next(Fault::WrongUserinfoSubject); // does it compare?
//! idp.break_next(Fault::MissingResponseIssuer); // does it look for `iss` in the answer?
//! idp.advance(std::time::Duration::from_secs(301)); // access tokens have expired: does it refresh?
//! # Ok(()) }
//! ```
//!
//! # What it does
//!
//! - SAML: AuthnRequests by redirect and by post, `ForceAuthn`, `IsPassive`, responses by post; signs the assertion, the
//!   response or both with RSA-SHA256 or ECDSA-SHA256. Answers go to registered addresses only, and whoever registers a
//!   certificate must sign. Single logout in both directions, by redirect and by post, through the browser. No
//!   encryption, no artifact binding, no logout by SOAP.
//! - OpenID Connect: discovery, authorization code flow with PKCE (required), `state`, `nonce`, `prompt`, `max_age`,
//!   RFC 9207 `iss`, RS256, ES256 and EdDSA ID tokens, logout by the relying party and, over the back channel (`http`
//!   alone), of it. Clients authenticate by a secret or by `private_key_jwt`. Pushed authorization requests (RFC 9126), DPoP
//!   (RFC 9449) with or without nonces of ours, refresh tokens that rotate and are revoked as a family when one is used
//!   twice, revocation (RFC 7009), userinfo as JSON or signed, keys that can be rotated in mid-run. Consent is never asked
//!   for, so `offline_access` needs none. No dynamic registration, no device flow, no introspection, no request objects.
//! - Passwords are hashed with Argon2id at a cost fit for tests; five wrong ones for a name within a minute make it wait.
//!
//! It is no place for the accounts of real people.

mod address;
mod builder;
mod clock;
mod core;
#[cfg(feature = "demo")]
pub mod demo;
mod directory;
mod error;
mod farewell;
mod fault;
mod flows;
mod http;
mod idp;
mod journal;
mod keys;
mod logout_token_request;
mod oidc;
mod params;
mod relying;
mod saml;
mod sync;

pub use builder::IdpBuilder;
pub use clock::{Clock, SystemClock};
pub use directory::{User, demo_directory};
pub use error::{IdpError, KeyError};
pub use fault::{Fault, UnknownFault};
pub use idp::{AssertionRequest, IdTokenRequest, Idp};
pub use journal::LoggedRequest;
pub use logout_token_request::LogoutTokenRequest;
pub use oidc::workload::WorkloadToken;
pub use relying::{Client, IdTokenAlgorithm, SamlAlgorithm, ServiceProvider, SignedPart};
