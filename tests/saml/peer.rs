//! The demo identity provider, which shares no code with this crate: what it signs is accepted, and each mistake it can
//! make on purpose is refused by the rule that speaks of it.

use daypass::VerifiedIdentity;
use daypass::explain::Silent;
use daypass::identity::saml::{SamlError, SamlProvider, UnverifiedResponse, verify};
use daypass::time::{Clock as _, SystemClock};
use demo_idp::{AssertionRequest, Fault, Idp, ServiceProvider, User};

use super::signer::{ACS, REQUEST, SP};

fn idp() -> Idp {
    Idp::builder()
        .base_url("http://localhost:8100")
        .user(User::new("martha", "correct-horse").with_groups(["Admins", "Developers"]))
        .service_provider(ServiceProvider::new(SP, ACS))
        .build()
        .unwrap()
}

fn judge(idp: &Idp, fault: Option<Fault>) -> Result<VerifiedIdentity, SamlError> {
    let provider = SamlProvider::new(&idp.saml_metadata(), SP, ACS).unwrap();
    let mut request = AssertionRequest::new("martha").with_in_response_to(REQUEST);
    if let Some(fault) = fault {
        request = request.with_fault(fault);
    }
    let posted = idp.assertion_for(request).unwrap();
    verify(&provider, UnverifiedResponse::from_post(&posted, REQUEST)?, SystemClock.now(), &mut Silent)
}

#[test]
fn an_independent_identity_provider_signs_in() {
    let idp = idp();
    let identity = judge(&idp, None).unwrap();
    assert_eq!(identity.subject(), "martha");
    assert_eq!(identity.issuer(), idp.saml_entity_id());
    assert_eq!(identity.attribute("groups"), ["Admins", "Developers"]);
    let provider = SamlProvider::new(&idp.saml_metadata(), SP, ACS).unwrap();
    let unasked = UnverifiedResponse::for_exchange(&idp.assertion("martha").unwrap()).unwrap();
    assert!(verify(&provider, unasked, SystemClock.now(), &mut Silent).is_ok());
}

#[test]
fn each_deliberate_mistake_breaks_its_own_rule() {
    let idp = idp();
    for (fault, rule) in [
        (Fault::Expired, "confirmation_time"),
        (Fault::NotYetValid, "not_before"),
        (Fault::WrongAudience, "audience"),
        (Fault::WrongRecipient, "recipient"),
        (Fault::WrongDestination, "destination"),
        (Fault::WrongIssuer, "response_issuer"),
        (Fault::WrongInResponseTo, "in_response_to"),
        (Fault::WrongKey, "signature"),
        (Fault::Unsigned, "signed"),
        (Fault::Tampered, "digest"),
        (Fault::CommentInNameId, "comment"),
    ] {
        assert_eq!(judge(&idp, Some(fault)).unwrap_err().rule().name, rule, "{fault:?}");
    }
}
