//! Signed requests for an application: put [`RequireSignature`] before its routes, and name [`SignedCaller`] in a handler.
//!
//! Enters: any HTTP request. Leaves: the request with its [`SignedCaller`], and a body that is the one that was signed.
//! Refused, with a small [`Refusal`]: whatever is not signed for this service by a live session.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use axum::{Router, extract::Path, routing::get};
//! use daypass::http::signed::{Refusal, RequireSignature, SignedCaller};
//! use daypass::{Broker, request::Service};
//!
//! async fn report(caller: SignedCaller, Path(id): Path<String>) -> Result<String, Refusal> {
//!     let decision = caller.authorize("reports:GetReport", &format!("arn:aws:reports:::report/{id}"))?;
//!     Ok(format!("report {id} for {}, {decision}", caller.arn()))
//! }
//!
//! fn app(broker: Arc<Broker>) -> Router {
//!     let signed = RequireSignature::new(broker, Service::new("reports"));
//!     Router::new().route("/reports/{id}", get(report)).layer(signed)
//! }
//! ```
//!
//! A service that runs elsewhere, without the broker's keys, gives a
//! [`ResourceServer`](super::resource_server::ResourceServer) in place of the broker. The layer is one of `tower`, and stands
//! before any service of HTTP, not those of axum alone.
//!
//! # Bodies
//!
//! A body is read whole before the handler runs, up to [`DEFAULT_BODY_LIMIT`] bytes unless
//! [`with_body_limit`](RequireSignature::with_body_limit) says otherwise: no handler sees a byte that nobody signed, and for
//! most services there is no other way, since the body's digest is a part of what is signed. It is read only for those whose
//! request is good as far as it goes, so that strangers fill no memory. The framing of `aws-chunked` is taken off.
//!
//! With [`streaming`](RequireSignature::streaming), a body whose digest or chunks are declared in `x-amz-content-sha256` (all
//! of S3's are, and others may be) reaches the handler while it arrives, hashed on its way. Reading it ends with an error when
//! it is not the body that was signed: extractors such as `Bytes` and `Json` then fail by themselves, and a handler that reads
//! pieces must keep what it makes of them apart until the end. Chunks that are signed one by one are given out one by one.
//!
//! # What policies can ask about the request
//!
//! `aws:SourceIp` (where the server was made with connect info), `aws:UserAgent` and `aws:Referer`, and `aws:SecureTransport`
//! where [`with_secure_transport`](RequireSignature::with_secure_transport) vouches for it. Behind a proxy that is trusted,
//! [`with_environment`](RequireSignature::with_environment) says where the address is to be read.
//!
//! # Refusals
//!
//! JSON, `{"code":"SignatureDoesNotMatch","message":"…","request_id":"…"}`, with the code also in `x-amzn-ErrorType`; XML as
//! S3 clients read it where the service is S3. The message is a fixed sentence; why is in the audit trail, under the request
//! id.

mod authority;
mod body;
mod caller;
mod environment;
mod gate;
mod layer;
mod refusal;

pub use authority::Authority;
pub use caller::SignedCaller;
pub use gate::DEFAULT_BODY_LIMIT;
pub use layer::{RequireSignature, Signed};
pub use refusal::Refusal;
