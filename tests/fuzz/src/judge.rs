//! The service of the harness: providers trusted in different ways, and what each says of a message.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use daypass::VerifiedIdentity;
use daypass::crypto::{RsaDecryptionKey, SecretBytes};
use daypass::explain::Silent;
use daypass::identity::saml::danger::{self, Relaxations};
use daypass::identity::saml::{
    Coverage, Explained, IdpMetadata, LogoutRequested, LogoutStatus, SamlError, SamlProvider, UnverifiedLogoutRequest,
    UnverifiedLogoutResponse, UnverifiedResponse, verify, verify_explained, verify_logout_request,
    verify_logout_response,
};
use daypass::time::Timestamp;

use crate::idp::{ACS, IDP, NOW, REQUEST, SLO, SP, TRUSTED, decryption_key};

/// No message within the size limit may cost more: some hundred times what the dearest honest one does, so that a busy
/// machine, coverage counters, checked arithmetic and replays without optimisation are no finding.
const LONGEST: Duration = Duration::from_millis(1_500);

/// How a message is judged.
#[derive(Clone, Copy, Debug)]
pub enum Judge {
    /// As providers are by default, in answer to [`REQUEST`].
    Strict,
    /// Unsolicited responses allowed, and this is one.
    Unsolicited,
    /// As its bearer exchanges it for credentials.
    Exchange,
    /// With every relaxation there is, in answer to [`REQUEST`].
    Relaxed,
    /// A signed response, a recent sign-in, a stated context and a certificate in its time are demanded.
    Demanding,
}

impl Judge {
    /// Every judge.
    pub const ALL: [Self; 5] = [Self::Strict, Self::Unsolicited, Self::Exchange, Self::Relaxed, Self::Demanding];

    /// The judge an input byte chooses.
    pub fn chosen_by(byte: u8) -> Self {
        Self::ALL[usize::from(byte) % Self::ALL.len()]
    }

    /// What this judge says of `xml`, which must not depend on whether somebody listens.
    pub fn verdict(self, xml: &[u8]) -> Result<VerifiedIdentity, SamlError> {
        let posted = STANDARD.encode(xml);
        let unverified = || match self {
            Self::Unsolicited => UnverifiedResponse::unsolicited(&posted),
            Self::Exchange => UnverifiedResponse::for_exchange(&posted),
            Self::Strict | Self::Relaxed | Self::Demanding => UnverifiedResponse::from_post(&posted, REQUEST),
        };
        let quiet = in_time(xml, || verify(self.provider(), unverified()?, now(), &mut Silent));
        let told = unverified().map(|response| verify_explained(self.provider(), response, now()));
        let outcome = match &told {
            Ok(explained) => format!("{:?}", explained.outcome),
            Err(error) => format!("{:?}", Err::<VerifiedIdentity, _>(error)),
        };
        assert_eq!(format!("{quiet:?}"), outcome, "listening changed the verdict");
        if let Ok(explained) = told {
            shaded(&explained);
        }
        if let Err(error) = &quiet {
            // What goes to callers and to logs must be writable for every refusal.
            let _ = (error.to_string(), error.reason(), error.rule());
        }
        quiet
    }

    /// What this judge says of a logout request.
    pub fn logout_request(
        self,
        input: &[u8],
        unverified: impl Fn() -> Result<UnverifiedLogoutRequest, SamlError>,
    ) -> Result<LogoutRequested, SamlError> {
        in_time(input, || {
            let request = unverified()?;
            let _ = request.claimed_issuer();
            verify_logout_request(self.provider(), request, now(), &mut Silent)
        })
    }

    /// What this judge says of an answer to a logout request.
    pub fn logout_response(
        self,
        input: &[u8],
        unverified: impl Fn() -> Result<UnverifiedLogoutResponse, SamlError>,
    ) -> Result<LogoutStatus, SamlError> {
        in_time(input, || verify_logout_response(self.provider(), unverified()?, now(), &mut Silent))
    }

    fn provider(self) -> &'static SamlProvider {
        static STRICT: LazyLock<SamlProvider> = LazyLock::new(plain);
        static UNSOLICITED: LazyLock<SamlProvider> = LazyLock::new(|| plain().with_unsolicited_responses());
        static RELAXED: LazyLock<SamlProvider> = LazyLock::new(|| {
            let everything = Relaxations::none()
                .allow_sha1()
                .allow_small_rsa()
                .allow_cbc_in_unsigned_responses()
                .allow_aes_192()
                .allow_extensions()
                .allow_cdata();
            danger::from_metadata(metadata(), SP, ACS, everything)
                .unwrap()
                .with_decryption_key(our_key())
                .with_logout_url(SLO)
        });
        static DEMANDING: LazyLock<SamlProvider> = LazyLock::new(|| {
            let context = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
            SamlProvider::new(&crate::idp::metadata(), SP, ACS)
                .unwrap()
                .with_signed_responses()
                .with_authn_age(Duration::from_secs(300))
                .with_authn_contexts([context])
                .with_certificate_validity()
                .with_decryption_key(our_key())
        });
        match self {
            Self::Strict | Self::Exchange => &STRICT,
            Self::Unsolicited => &UNSOLICITED,
            Self::Relaxed => &RELAXED,
            Self::Demanding => &DEMANDING,
        }
    }
}

fn metadata() -> IdpMetadata {
    IdpMetadata::from_pem(IDP, [TRUSTED.pem().as_str()]).unwrap()
}

fn plain() -> SamlProvider {
    SamlProvider::from_metadata(metadata(), SP, ACS).unwrap().with_decryption_key(our_key()).with_logout_url(SLO)
}

fn our_key() -> RsaDecryptionKey {
    RsaDecryptionKey::from_pkcs8(&SecretBytes::new(decryption_key())).unwrap()
}

/// What a page shades as signed must be pieces of the document that was posted, and of one that is accepted there are some.
fn shaded(explained: &Explained) {
    let document = explained.document.as_deref().unwrap_or_default();
    let pieces = explained.pieces();
    assert_eq!(pieces.iter().map(|(_, piece)| *piece).collect::<String>(), document, "pieces are missing");
    let signed = pieces.iter().any(|(coverage, _)| *coverage == Coverage::Signed);
    let encrypted = document.contains("EncryptedAssertion");
    assert!(explained.outcome.is_err() || signed || encrypted, "accepted, and nothing is shown as signed");
}

/// The instant at which everything is judged.
pub fn now() -> Timestamp {
    Timestamp::parse_rfc3339(NOW).unwrap()
}

/// Runs `work` on `input`, and panics when it is slow three times in a row: once may be the machine's doing.
pub fn in_time<T>(input: &[u8], work: impl Fn() -> T) -> T {
    let mut quickest = Duration::MAX;
    for _ in 0..3 {
        let began = Instant::now();
        let done = work();
        quickest = quickest.min(began.elapsed());
        if quickest <= LONGEST {
            return done;
        }
    }
    panic!("{} bytes took {quickest:?}", input.len());
}
