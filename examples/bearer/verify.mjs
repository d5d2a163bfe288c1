// Verifies a session token of a daypass broker offline, by the keys that the broker publishes, in a service that is not
// written in Rust and asks nobody. Needs Node.js 20 and the package jose (6).
//
//   node verify.mjs BROKER [ISSUER] < token         prints who bears it and exits with 0, or says why not and exits with 1
//   node verify.mjs BROKER [ISSUER] --at SECONDS    the same at another instant
//
// BROKER is where the broker is reached, such as http://localhost:8200; ISSUER is what its tokens say of themselves (`iss`)
// where that is another name. Whoever saw the token on its way can bear it too: take it over TLS alone, and where that is
// not enough have requests signed. A session that was revoked is refused by the broker at once and here when it expires.

import { createRemoteJWKSet, jwtVerify } from "jose";
import { argv, exit, stdin } from "node:process";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

/** A function from a token to its session, for one broker. The keys are fetched once and when a token names a new one. */
export function verifier(broker, issuer = broker, jwksOptions = {}) {
  const keys = createRemoteJWKSet(new URL("/.well-known/jwks.json", broker), jwksOptions);
  return async (token, currentDate = new Date()) => {
    const { payload } = await jwtVerify(token, keys, {
      // Without `typ` an ID token signed by the same key could pass for a session (RFC 8725, 3.11); without the algorithm
      // the token would choose how it is verified.
      typ: "daypass+jwt",
      algorithms: ["EdDSA"],
      issuer,
      requiredClaims: ["sub", "iat", "exp", "access_key_id"],
      currentDate,
    });
    if (payload.iat > currentDate.getTime() / 1000 + 60) throw new Error("the token was issued in the future");
    // Sessions of roles say most of themselves; those of users, federated users and root users are known by their ARN.
    const session = payload.session ?? {};
    return {
      arn: payload.sub,
      accessKeyId: payload.access_key_id,
      roleArn: session.role_arn,
      sessionName: session.role_session_name,
      tags: session.principal_tags ?? {},
      sourceIdentity: session.source_identity,
      expires: new Date(payload.exp * 1000),
    };
  };
}

async function main([broker, ...rest]) {
  const at = rest.includes("--at") ? rest.splice(rest.indexOf("--at"), 2)[1] : undefined;
  const verify = verifier(broker, rest[0]);
  const session = await verify((await text(stdin)).trim(), at ? new Date(Number(at) * 1000) : undefined);
  console.log(JSON.stringify(session));
}

if (import.meta.url === pathToFileURL(argv[1]).href) {
  await main(argv.slice(2)).catch((error) => {
    console.error(`refused: ${error.code ?? "ERROR"}: ${error.message}`);
    exit(1);
  });
}
