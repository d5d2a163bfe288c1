//! Providers that change while the broker runs.

use daypass::Error;

use super::world::{World, from_post, posted, saml};

#[tokio::test]
async fn a_provider_disabled_after_a_sign_in_began_signs_no_one_in() {
    // Keycloak asked for a provider's state when a sign-in began and not when its answer came (CVE-2026-2603,
    // CVE-2026-3047): who had a sign-in under way still came in.
    let (idp, provider) = saml().await;
    let world = World::new().with_saml(provider);
    world.clock.set(daypass::time::Clock::now(&daypass::time::SystemClock));
    let answer = posted(&idp);
    world.broker.disable_saml_provider("corp").unwrap();
    let refused = world.broker.verify(from_post(&answer)).await.unwrap_err();
    assert!(refused.reason().contains("out of service"), "{}", refused.reason());
    let event = world.last();
    assert_eq!(event.checks[0].name, "metadata");
    assert!(event.reason.contains("out of service"));
    let exchanged = world.broker.begin().unwrap().exchange("corp", from_post(&answer)).await;
    assert!(exchanged.unwrap_err().reason().contains("out of service"));
    world.broker.enable_saml_provider("corp").unwrap();
    assert_eq!(world.broker.verify(from_post(&answer)).await.unwrap().subject(), "martha");
}

#[tokio::test]
async fn a_provider_that_was_removed_signs_no_one_in() {
    let (idp, _) = saml().await;
    let world = World::new();
    let refused = world.broker.begin().unwrap().verify_from("corp", from_post(&posted(&idp))).await;
    assert!(matches!(refused, Err(Error::UnknownProvider { .. })));
    assert!(matches!(world.broker.disable_saml_provider("corp"), Err(Error::UnknownProvider { .. })));
}
