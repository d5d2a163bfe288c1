// Verifies a web identity token as an outside service does: by the discovery document of its issuer.
//
//   node web_identity.mjs ISSUER AUDIENCE < token      prints the claims, or why not
import { createRemoteJWKSet, jwtVerify } from "jose";
import { argv, stdin } from "node:process";
import { text } from "node:stream/consumers";

const [, , issuer, audience] = argv;
const discovery = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
if (discovery.issuer !== issuer) throw new Error(`the document is of ${discovery.issuer}`);
const keys = createRemoteJWKSet(new URL(discovery.jwks_uri));
const algorithms = discovery.id_token_signing_alg_values_supported;
const { payload } = await jwtVerify((await text(stdin)).trim(), keys, { issuer, audience, algorithms });
console.log(JSON.stringify(payload));
