//! Turns a signed statement from an identity provider into short-lived credentials,
//! and requests signed with them into decisions.
//!
//! ```text
//!  SAML response ─┐
//!                 ├─ identity ─► VerifiedIdentity ─ session ─► RoleSession ─ credentials ─► Credentials
//!  ID token ──────┘                                                                            │ signs
//!       audit ◄─ (every stage)   Decision ◄─ decision ─ AuthenticatedRequest ◄─ request ─ HTTP request
//! ```
//!
//! The stages do no I/O and read no clock; a [`Broker`] runs them with a clock, a [store] and an [audit sink](audit) that
//! you can replace. A stage refuses with an error that names the rule that was broken, and tells a
//! [listener](explain::Listener) how every rule ended, so that a page, a log and an audit trail show the same list.
//!
//! # Quick start
//!
//! ```
//! use daypass::identity::saml::{SamlProvider, UnverifiedResponse};
//! use daypass::request::{Service, SignedRequest};
//! use daypass::{AssumeRole, Broker, Credentials, Decision, Keyring, Role};
//! use std::error::Error;
//!
//! const READER: &str = "arn:aws:iam::123456789012:role/reader";
//! const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRoleWithSAML",
//!     "Principal": {"Federated": "arn:aws:iam::123456789012:saml-provider/corp"}}}"#;
//! const REPORTS: &str = r#"{"Version": "2012-10-17", "Statement": {"Sid": "ReadReports", "Effect": "Allow",
//!     "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*"}}"#;
//!
//! /// Whom we trust, and what they may become.
//! fn broker(idp_metadata: &str) -> Result<Broker, Box<dyn Error>> {
//!     let corp = SamlProvider::new(idp_metadata, "https://broker.example/saml", "https://broker.example/saml/acs")?;
//!     let reader = Role::new(READER.parse()?, TRUST.parse()?)?.with_permissions(&REPORTS.parse()?);
//!     Ok(Broker::new(Keyring::generate()?).with_provider(corp).with_role(reader))
//! }
//!
//! /// Assertion in, credentials out.
//! async fn sign_in(broker: &Broker, saml_response: &str, request_id: &str) -> Result<Credentials, Box<dyn Error>> {
//!     let response = UnverifiedResponse::from_post(saml_response, request_id)?;
//!     let identity = broker.verify(response).await?;
//!     let session = broker.assume_role(&identity, AssumeRole::new(READER.parse()?, "alice".parse()?))?;
//!     Ok(broker.mint(session)?)
//! }
//!
//! /// Signed request in, decision out.
//! fn decide(broker: &Broker, http_request: &[u8]) -> Result<Decision, Box<dyn Error>> {
//!     let request = broker.authenticate(&Service::S3, SignedRequest::parse(http_request)?)?;
//!     Ok(broker.authorize(&request, "s3:GetObject", "arn:aws:s3:::reports/q3.csv")?)
//! }
//! #
//! # fn sign(credentials: &Credentials) -> Vec<u8> {
//! #     use aws_sigv4::http_request::{self, PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings};
//! #     let identity = aws_credential_types::Credentials::new(
//! #         credentials.access_key_id().as_str(), credentials.secret_access_key().expose(),
//! #         Some(credentials.session_token().expose().to_owned()), None, "docs").into();
//! #     let mut settings = SigningSettings::default();
//! #     settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
//! #     let parameters = aws_sigv4::sign::v4::SigningParams::builder().identity(&identity).region("eu-west-1").name("s3")
//! #         .time(std::time::SystemTime::now()).settings(settings).build().unwrap().into();
//! #     let url = "https://reports.example/q3.csv";
//! #     let get = SignableRequest::new("GET", url, std::iter::empty(), SignableBody::Bytes(b"")).unwrap();
//! #     let (instructions, _) = http_request::sign(get, &parameters).unwrap().into_parts();
//! #     let mut message = String::from("GET /q3.csv HTTP/1.1\r\nhost: reports.example\r\n");
//! #     for header in instructions.into_parts().0 {
//! #         message.push_str(&format!("{}: {}\r\n", header.name(), header.value()));
//! #     }
//! #     (message + "\r\n").into_bytes()
//! # }
//! #
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn Error>> {
//! # let alice = demo_idp::User::new("alice", "correct-horse")
//! #     .with_role(format!("{READER},arn:aws:iam::123456789012:saml-provider/corp"));
//! # let idp = demo_idp::Idp::builder().seed(1).user(alice)
//! #     .service_provider(demo_idp::ServiceProvider::new("https://broker.example/saml", "https://broker.example/saml/acs"))
//! #     .start().await?;
//! # let posted = idp.assertion_for(demo_idp::AssertionRequest::new("alice").with_in_response_to("_request-1"))?;
//! # let broker = broker(&idp.saml_metadata())?;
//! # let credentials = sign_in(&broker, &posted, "_request-1").await?;
//! # let decision = decide(&broker, &sign(&credentials))?;
//! # assert!(decision.is_allow(), "{decision}");
//! # assert!(decision.to_string().contains("ReadReports"), "{decision}");
//! # assert!(sign_in(&broker, &posted, "_request-1").await.is_err(), "an assertion signs in once");
//! # Ok(()) }
//! ```
//!
//! `examples/` holds whole programs: an application that delegates sign-in, a service that authenticates and authorizes
//! signed requests, and an end-to-end test of a federation.
//!
//! # What cannot be skipped
//!
//! Each arrow is one function, verifying consumes what was not verified, and each type is built only inside its stage.
//! None of these compile:
//!
//! ```compile_fail,E0451
//! // Nobody becomes somebody by saying so,
//! let identity = daypass::VerifiedIdentity { subject: "alice".to_owned(), ..unreachable!() };
//! ```
//! ```compile_fail,E0277
//! // nor does a message that nobody verified.
//! fn promote(id_token: daypass::identity::oidc::UnverifiedIdToken) -> daypass::VerifiedIdentity { id_token.into() }
//! ```
//! ```compile_fail,E0451
//! // A session takes a trust policy that allowed it, or a session token whose signature was verified.
//! let session = daypass::RoleSession { claims: unreachable!(), ..unreachable!() };
//! ```
//! ```compile_fail,E0451
//! let credentials = daypass::Credentials { access_key_id: unreachable!(), ..unreachable!() };
//! ```
//! ```compile_fail,E0451
//! let request = daypass::AuthenticatedRequest { caller: unreachable!(), ..unreachable!() };
//! ```
//! ```compile_fail,E0603
//! // A decision needs a reason, and only the policy engine has reasons.
//! let decision = daypass::Decision::Allow(daypass::decision::Reason(unreachable!()));
//! ```
//! ```compile_fail,E0603
//! // The proof of a signature comes out of the cryptography module alone,
//! let proof = daypass::crypto::SignatureValid(());
//! ```
//! ```compile_fail,E0277
//! // and no state is read back from bytes.
//! fn read<T: serde::de::DeserializeOwned>(text: &str) -> T { serde_json::from_str(text).unwrap() }
//! let session: daypass::RoleSession = read("{}");
//! ```
//! ```compile_fail,E0277
//! # fn read<T: serde::de::DeserializeOwned>(text: &str) -> T { serde_json::from_str(text).unwrap() }
//! let identity: daypass::VerifiedIdentity = read("{}");
//! ```
//! ```compile_fail,E0277
//! # fn read<T: serde::de::DeserializeOwned>(text: &str) -> T { serde_json::from_str(text).unwrap() }
//! let request: daypass::AuthenticatedRequest = read("{}");
//! ```
//! ```compile_fail,E0277
//! # fn read<T: serde::de::DeserializeOwned>(text: &str) -> T { serde_json::from_str(text).unwrap() }
//! let decision: daypass::Decision = read("{}");
//! ```
//!
//! What must be relaxed for one provider, such as SHA-1 signatures, is in `identity::saml::danger`, by name.
//!
//! # Features
//!
//! | feature | default | gives |
//! |---|---|---|
//! | `saml` | yes | SAML 2.0 service provider |
//! | `oidc` | yes | ID tokens of OpenID providers: sign-in and workloads |
//! | `aws-lc-rs` | yes | cryptography by aws-lc-rs; needs a C compiler |
//! | `ring` | no | cryptography by ring, if `aws-lc-rs` is off; then assertions cannot be encrypted |
//! | `http` | no | axum routers: sign-in for applications, STS, IAM, the access portal, JWKS; a layer for signed requests; fetching of provider metadata and keys |
//! | `cli` | no | the command `daypass`: verdicts and their explanations from a shell |
//!
//! A feature adds a provider or a surface and never changes a rule.
//!
//! # Threat model
//!
//! Trusted are the identity provider's signing keys, the [`Keyring`], the configuration, the clock, the store and this
//! process. Everything that comes over the network is hostile: assertions, tokens, provider documents, requests and their
//! headers. It is bounded before it is parsed; algorithms come from the configured key and never from the message, where a signed request names one of the two its
//! service takes, each with a key of its own; only
//! signed bytes are read after the signature; nothing is fetched because a message says so. What cannot be evaluated is
//! refused, and so is what cannot be remembered or recorded: a store or an audit sink that fails closes the door.
//!
//! Not defended against: an identity provider that lies about its own people, whoever holds the keyring, whoever holds
//! a person's credentials until they expire or are revoked, and exhaustion by more requests than the machine can refuse.
//! `SECURITY.md` in the repository says more.
//!
//! # Standards
//!
//! | standard | supported | not supported |
//! |---|---|---|
//! | SAML 2.0, Web Browser SSO and Single Logout | AuthnRequest by HTTP-Redirect and HTTP-POST, signed when there is a key; response by HTTP-POST; logout in both directions by HTTP-Redirect and HTTP-POST; signature on response, assertion or both; RSA (PKCS #1 v1.5, PSS), ECDSA (P-256, P-384, P-521) with SHA-256 to SHA-512, Ed25519; exclusive canonicalization; encrypted assertions, NameIDs and attributes (AES-GCM, RSA-OAEP); IdP metadata with key rollover; SP metadata | artifact binding, unsigned logout messages, logout by SOAP, several assertions in one response; SHA-1, short RSA keys and AES-CBC unless relaxed for one provider |
//! | OpenID Connect Core, Discovery | authorization code flow with PKCE (S256), `state`, `nonce`, RFC 9207 `iss`; secret, `private_key_jwt` or public client; PAR, DPoP, userinfo, refresh, token exchange; RS, PS, ES 256 to 512 and EdDSA, HMAC by explicit choice; `at_hash`, `c_hash`, `azp`, `max_age`; key rotation; RP-initiated and back-channel logout | implicit and hybrid flows, encrypted ID tokens, request objects, dynamic registration, front-channel logout |
//! | tokens of workloads | any issuer with discovery or pinned keys; presets for GitHub Actions, GitLab CI, Kubernetes, SPIFFE, Google, Entra ID | opaque access tokens |
//! | AWS STS query protocol | all eleven operations; inline and managed session policies, tags, source identity, external id, MFA, role chaining, root sessions, provided contexts, web identity tokens | GetScopedCredentials; trade-in tokens, which have no meaning outside the cloud; regions |
//! | AWS IAM query protocol | users, groups, roles, policies, boundaries, access keys, virtual MFA devices, passwords, providers, instance profiles as containers, simulation, listings | signing in with an IAM password, hardware MFA devices, service-linked roles, certificates |
//! | AWS Signature Version 4 and 4A | any service and region; `Authorization` header, presigned URLs, `UNSIGNED-PAYLOAD`, declared and `aws-chunked` bodies; temporary and long-term keys | POST policies of browser uploads |
//! | IAM policy language | every element; every condition operator with `IfExists`, `ForAllValues`, `ForAnyValue`; policy variables with defaults; identity, resource, trust and session policies, boundaries, service and resource control policies | rules of single services, what AWS derives from its own services |
//!
//! daypass is compatible with the protocols of AWS IAM, STS and IAM Identity Center. It is not affiliated with or endorsed
//! by Amazon Web Services.

pub mod arn;
pub mod audit;
mod broker;
pub mod credentials;
pub mod crypto;
pub mod decision;
pub mod directory;
mod error;
pub mod explain;
#[cfg(feature = "http")]
pub mod http;
pub mod iam;
pub mod identity;
mod json;
pub mod organization;
pub mod policy;
pub mod request;
pub mod session;
pub mod store;
pub mod time;

#[cfg(any(feature = "saml", feature = "oidc"))]
pub use broker::Provider;
pub use broker::{Broker, Flow, WebIdentityAsk};
#[cfg(feature = "saml")]
pub use broker::{Renewal, RenewalFuture, RenewedProvider};
pub use credentials::{Credentials, Keyring};
pub use decision::Decision;
pub use error::Error;
pub use identity::VerifiedIdentity;
pub use request::{AuthenticatedRequest, SignedRequest};
pub use session::{AssumeRole, Role, RoleSession};

/// The README's code compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
