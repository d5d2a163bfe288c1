// openid-client 6 as a relying party of the running identity provider, and jose where openid-client trusts TLS.
//
// SETTINGS is JSON: the issuer, a second one that asks for DPoP nonces, the callback, and the private key (PKCS #8) of the
// client `signer`. Both providers serve /_control.

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import test from "node:test";
import * as jose from "jose";
import * as client from "openid-client";

const { issuer, nonceIssuer, callback, signerKey } = JSON.parse(process.env.SETTINGS);
const OFFLINE = "openid profile email offline_access";

async function relyingParty(id, authentication, at = issuer) {
  const metadata = { id_token_signed_response_alg: "ES256" };
  if (id === "sealed") metadata.userinfo_signed_response_alg = "EdDSA";
  const config = await client.discovery(new URL(at), id, metadata, authentication, {
    execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks],
  });
  return config;
}

const portal = () => relyingParty("portal", client.ClientSecretBasic("secret"));

async function control(path, body, at = issuer) {
  const answer = await fetch(`${at}/_control/${path}`, {
    method: body ? "POST" : "DELETE",
    headers: { "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

const breakNext = (fault) => control("faults", { fault });

// A browser that follows the identity provider's own redirects, types martha's password, and stops at the callback.
async function browse(url) {
  let cookie = "";
  for (let hop = 0; hop < 10; hop += 1) {
    const answer = await fetch(url, { redirect: "manual", headers: { cookie } });
    const location = answer.headers.get("location");
    if (!location) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
    if (location.startsWith(callback)) return new URL(location);
    url = new URL(location, url);
    if (url.pathname !== "/login") continue;
    const typed = await fetch(new URL("/login", url), {
      method: "POST",
      redirect: "manual",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ flow: url.searchParams.get("flow"), username: "martha", password: "correct-horse" }),
    });
    cookie = typed.headers.get("set-cookie").split(";")[0];
    url = new URL(typed.headers.get("location"), url);
  }
  throw new Error("too many redirects");
}

async function signIn(config, { scope = OFFLINE, pushed = false, DPoP } = {}) {
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const checks = { pkceCodeVerifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
  const parameters = {
    redirect_uri: callback,
    scope,
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: "S256",
  };
  const url = pushed
    ? await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP })
    : client.buildAuthorizationUrl(config, parameters);
  return client.authorizationCodeGrant(config, await browse(url), checks, undefined, { DPoP });
}

const signer = async (modify) => {
  const key = await webcrypto.subtle.importKey(
    "pkcs8",
    Buffer.from(signerKey, "base64"),
    { name: "ECDSA", namedCurve: "P-256" },
    false,
    ["sign"],
  );
  return client.PrivateKeyJwt(key, modify && { [client.modifyAssertion]: modify });
};

// What refused, wherever openid-client keeps it: a code of its own, an error of the provider, a challenge.
async function refusal(promise) {
  const error = await promise.then(
    () => assert.fail("it was not refused"),
    (error) => error,
  );
  if (error instanceof assert.AssertionError) throw error;
  const { cause } = error;
  const what = cause?.claim ?? cause?.attribute ?? cause?.parameter ?? cause?.cause?.message ?? cause?.message ?? "";
  return `${error.error ?? cause?.[0]?.parameters?.error ?? error.code}: ${error.message} ${what}`;
}

test("discovery describes a provider that openid-client can use in full", async () => {
  const metadata = (await portal()).serverMetadata();
  assert.equal(metadata.issuer, issuer);
  assert.ok(metadata.supportsPKCE("S256"));
  assert.equal(metadata.authorization_response_iss_parameter_supported, true);
});

for (const [name, authentication] of [
  ["client_secret_basic", () => client.ClientSecretBasic("secret")],
  ["client_secret_post", () => client.ClientSecretPost("secret")],
]) {
  test(`code, PKCE, nonce, state, iss and ${name}`, async () => {
    const config = await relyingParty("portal", authentication());
    const tokens = await signIn(config);
    assert.equal(tokens.claims().sub, "martha");
    const person = await client.fetchUserInfo(config, tokens.access_token, "martha");
    assert.equal(person.email, "martha@example.com");
    assert.equal(person.groups, undefined);
  });
}

test("a wrong secret is refused", async () => {
  const posted = await relyingParty("portal", client.ClientSecretPost("wrong"));
  assert.match(await refusal(signIn(posted)), /^invalid_client/);
  const basic = await relyingParty("portal", client.ClientSecretBasic("wrong"));
  assert.match(await refusal(signIn(basic)), /^OAUTH_WWW_AUTHENTICATE_CHALLENGE/);
});

test("private_key_jwt", async () => {
  const config = await relyingParty("signer", await signer());
  assert.equal((await signIn(config)).claims().aud, "signer");
  for (const change of [
    (header, payload) => { payload.aud = [issuer, `${issuer}/token`]; },
    (header, payload) => { payload.jti = "always the same"; },
  ]) {
    const other = await relyingParty("signer", await signer(change));
    if (change.toString().includes("jti")) await signIn(other);
    assert.match(await refusal(signIn(other)), /^invalid_client/);
  }
});

test("private_key_jwt at the push and at revocation", async () => {
  const config = await relyingParty("signer", await signer());
  const tokens = await signIn(config, { pushed: true });
  await client.tokenRevocation(config, tokens.refresh_token);
  assert.match(await refusal(client.refreshTokenGrant(config, tokens.refresh_token)), /^invalid_grant/);
});

test("PAR, for a client that must", async () => {
  const config = await relyingParty("pushy", client.ClientSecretPost("secret"));
  assert.equal((await signIn(config, { pushed: true })).claims().sub, "martha");
  assert.match(await refusal(signIn(config)), /^invalid_request/);
});

for (const [name, at] of [
  ["DPoP", issuer],
  ["DPoP with the provider's nonce", nonceIssuer],
]) {
  test(name, async () => {
    for (const alg of ["ES256", "Ed25519", "RS256", "PS256"]) {
      const config = await relyingParty("native", client.None(), at);
      const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair(alg));
      const tokens = await signIn(config, { DPoP, pushed: alg === "ES256" });
      assert.equal(tokens.token_type, "dpop");
      assert.equal((await client.fetchUserInfo(config, tokens.access_token, "martha", { DPoP })).sub, "martha");
      const stranger = client.getDPoPHandle(config, await client.randomDPoPKeyPair("ES256"));
      assert.match(
        await refusal(client.fetchUserInfo(config, tokens.access_token, "martha", { DPoP: stranger })),
        /^invalid_token/,
      );
      assert.match(
        await refusal(client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP: stranger })),
        /^invalid_grant/,
      );
      const next = await client.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
      assert.equal(next.token_type, "dpop");
    }
  });
}

test("a provider that asks for one nonce after another is given up on", async () => {
  await control("faults", { fault: "use-dpop-nonce", mode: "always" }, nonceIssuer);
  try {
    const config = await relyingParty("native", client.None(), nonceIssuer);
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
    assert.match(await refusal(signIn(config, { DPoP })), /^use_dpop_nonce/);
  } finally {
    await control("faults", undefined, nonceIssuer);
  }
});

test("refresh rotates, and reuse ends the family", async () => {
  const config = await portal();
  const first = await signIn(config);
  const second = await client.refreshTokenGrant(config, first.refresh_token);
  assert.notEqual(second.refresh_token, first.refresh_token);
  assert.equal(second.claims().sub, first.claims().sub);
  assert.equal(second.claims().auth_time, first.claims().auth_time);
  assert.equal(second.claims().nonce, undefined);
  assert.match(await refusal(client.refreshTokenGrant(config, first.refresh_token)), /^invalid_grant/);
  assert.match(await refusal(client.refreshTokenGrant(config, second.refresh_token)), /^invalid_grant/);
});

test("userinfo as a signed token", async () => {
  const config = await relyingParty("sealed", client.ClientSecretPost("secret"));
  const tokens = await signIn(config, { scope: "openid email" });
  const person = await client.fetchUserInfo(config, tokens.access_token, "martha");
  assert.equal(person.email, "martha@example.com");
});

test("revocation", async () => {
  const config = await portal();
  const tokens = await signIn(config);
  await client.tokenRevocation(config, tokens.access_token);
  assert.match(await refusal(client.fetchUserInfo(config, tokens.access_token, "martha")), /^invalid_token/);
  await client.tokenRevocation(config, "a token nobody issued");
});

test("the end-session address leads back", async () => {
  const config = await relyingParty("leaver", client.ClientSecretPost("secret"));
  const tokens = await signIn(config);
  const url = client.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: "http://rp.localhost/bye",
    state: "s",
  });
  const answer = await fetch(url, { redirect: "manual" });
  assert.equal(answer.headers.get("location"), "http://rp.localhost/bye?state=s");
});

test("keys that rotate in mid-run", async () => {
  const config = await portal();
  const before = await signIn(config);
  const keys = jose.createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri), { cooldownDuration: 0 });
  const check = (tokens) => jose.jwtVerify(tokens.id_token, keys, { issuer, audience: "portal" });
  await check(before);
  await control("keys/rotate", { withdraw: false });
  // openid-client asks for the set again only when what it kept is a minute old.
  assert.match(await refusal(signIn(config)), /no applicable keys found/);
  const kept = client.getJwksCache(config);
  const aged = await portal();
  client.setJwksCache(aged, { jwks: kept.jwks, uat: kept.uat - 61 });
  const after = await signIn(aged);
  assert.notEqual(jose.decodeProtectedHeader(after.id_token).kid, jose.decodeProtectedHeader(before.id_token).kid);
  await check(after);
  await check(before);
  await control("keys/rotate", { withdraw: true });
  const fresh = jose.createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
  await assert.rejects(jose.jwtVerify(after.id_token, fresh), { code: "ERR_JWKS_NO_MATCHING_KEY" });
});

// Each mistake, and the words openid-client refuses it with.
for (const [fault, words] of [
  ["expired", /exp.*claim|too old/],
  ["not-yet-valid", /nbf/],
  ["wrong-audience", /"aud"/],
  ["wrong-issuer", /"iss"/],
  ["wrong-nonce", /"nonce"/],
  ["missing-nonce", /"nonce"/],
  ["wrong-key", /signature verification failed/],
  ["unsigned", /signature|JWT/],
  ["tampered", /signature verification failed/],
  ["alg-none", /"alg"|signature|JWT/],
  ["hmac-with-public-key", /"alg"/],
  ["unknown-key", /no applicable keys found/],
  ["extra-audience", null],
  ["wrong-authorized-party", null],
  ["future-iat", null],
  ["wrong-at-hash", null],
  ["wrong-typ", null],
  ["missing-response-issuer", /"iss"/],
  ["wrong-response-issuer", /"iss"/],
  ["wrong-state", /"state"/],
  ["duplicate-state", /"state"/],
  ["duplicate-code", /"code"/],
  ["denied", /access_denied/],
  ["rejected-code", /invalid_grant/],
  ["server-error", /unexpected|content-type/i],
  ["keys-unavailable", /unexpected HTTP response status code/],
]) {
  test(`${fault}: ${words ? "refused" : "not looked for by openid-client"}`, async () => {
    const config = await portal();
    await breakNext(fault);
    if (words) {
      const why = await refusal(signIn(config));
      assert.match(why, words);
    } else {
      await signIn(config);
    }
    assert.equal((await control("faults")).next.length, 0, "the fault was used");
    assert.equal((await signIn(await portal())).claims().sub, "martha", "and only once");
  });
}

test("wrong-discovery-issuer: refused", async () => {
  await breakNext("wrong-discovery-issuer");
  assert.match(await refusal(portal()), /issuer/);
});

test("wrong-userinfo-subject: refused", async () => {
  const config = await portal();
  const tokens = await signIn(config);
  await breakNext("wrong-userinfo-subject");
  assert.match(await refusal(client.fetchUserInfo(config, tokens.access_token, "martha")), /"sub"/);
});

test("token-type-downgrade: what comes of it is refused", async () => {
  const config = await relyingParty("native", client.None());
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
  await breakNext("token-type-downgrade");
  const tokens = await signIn(config, { DPoP });
  assert.equal(tokens.token_type, "bearer", "openid-client leaves it to its user to look");
  assert.match(await refusal(client.fetchUserInfo(config, tokens.access_token, "martha")), /^invalid_token/);
});

test("other-person-refreshed: seen by who compares", async () => {
  const config = await portal();
  const first = await signIn(config);
  await breakNext("other-person-refreshed");
  const second = await client.refreshTokenGrant(config, first.refresh_token);
  assert.notEqual(second.claims().sub, first.claims().sub, "openid-client leaves it to its user to compare");
});

// What openid-client does not look for, jose does when it is told to.
for (const [fault, options, code] of [
  ["wrong-typ", { typ: "JWT" }, "ERR_JWT_CLAIM_VALIDATION_FAILED"],
  ["future-iat", { maxTokenAge: "2h" }, "ERR_JWT_CLAIM_VALIDATION_FAILED"],
  ["expired", {}, "ERR_JWT_EXPIRED"],
  ["wrong-audience", {}, "ERR_JWT_CLAIM_VALIDATION_FAILED"],
  ["wrong-key", {}, "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"],
  ["unknown-key", {}, "ERR_JWKS_NO_MATCHING_KEY"],
  ["alg-none", {}, "ERR_JOSE_ALG_NOT_ALLOWED"],
  ["hmac-with-public-key", {}, "ERR_JOSE_ALG_NOT_ALLOWED"],
]) {
  test(`${fault}: refused by jose`, async () => {
    await breakNext(fault);
    const config = await client.discovery(
      new URL(issuer),
      "portal",
      { id_token_signed_response_alg: "ES256" },
      client.ClientSecretBasic("secret"),
      { execute: [client.allowInsecureRequests] },
    );
    const parameters = {
      redirect_uri: callback,
      scope: "openid",
      code_challenge: await client.calculatePKCECodeChallenge("v".repeat(43)),
      code_challenge_method: "S256",
    };
    const back = await browse(client.buildAuthorizationUrl(config, parameters));
    const body = new URLSearchParams({
      grant_type: "authorization_code",
      code: back.searchParams.get("code"),
      redirect_uri: callback,
      code_verifier: "v".repeat(43),
      client_id: "portal",
      client_secret: "secret",
    });
    const { id_token } = await (await fetch(config.serverMetadata().token_endpoint, { method: "POST", body })).json();
    const keys = jose.createRemoteJWKSet(new URL(config.serverMetadata().jwks_uri));
    const checks = { issuer, audience: "portal", algorithms: ["ES256"], ...options };
    await assert.rejects(jose.jwtVerify(id_token, keys, checks), { code });
  });
}
