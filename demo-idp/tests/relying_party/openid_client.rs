//! The provider driven by a relying party that shares no code with it: npm openid-client, and jose beneath it.

use crate::fixture::*;
use demo_idp::{Client, SystemClock};
use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Runs `tests/clients/openid_client.mjs` against a running provider; its own report is the message of a failure.
#[tokio::test(flavor = "multi_thread")]
async fn openid_client_signs_in_by_every_way_and_refuses_every_mistake() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let packages = root.join("target/clients/node");
    if !packages.join("node_modules/openid-client").exists() {
        println!("skipped: target/clients/node holds no openid-client; scripts/install-clients installs it");
        return;
    }
    let world = World::start_with(|builder| {
        let leaver = Client::confidential("leaver", "secret", [CALLBACK]);
        let builder = builder.clock(Arc::new(SystemClock)).test_controls(true);
        builder.client(leaver.with_post_logout_redirect("http://rp.localhost/bye"))
    })
    .await;
    let nonces =
        World::start_with(|builder| builder.clock(Arc::new(SystemClock)).test_controls(true).dpop_nonce(true)).await;
    let settings = json!({
        "issuer": world.idp.issuer(),
        "nonceIssuer": nonces.idp.issuer(),
        "callback": CALLBACK,
        "signerKey": world.key.pkcs8(),
    });
    // Node looks for packages beside the script.
    let script = packages.join("openid_client.mjs");
    std::fs::copy(root.join("tests/clients/openid_client.mjs"), &script).unwrap();
    let run = move || {
        Command::new("node").arg("--test-reporter=tap").arg(&script).env("SETTINGS", settings.to_string()).output()
    };
    let done = tokio::task::spawn_blocking(run).await.unwrap().unwrap();
    let (said, complained) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{said}\n{complained}");
    assert!(said.contains("# fail 0") && !said.contains("# pass 0"), "{said}");
}
