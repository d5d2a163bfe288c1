// The jose judge: cases as JSON lines in, one verdict a line out, in the same order.
import { createInterface } from "node:readline";
import { compactVerify, createLocalJWKSet, decodeProtectedHeader, importJWK, jwtVerify } from "jose";

const PUBLIC = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
const SECRET = ["HS256", "HS384", "HS512"];
const SKEW = 60;

/// A set of secrets is none that jose takes: the one that the token names is given.
async function keys(entry) {
  const set = JSON.parse(entry.jwks);
  if (entry.use !== "signature" || !set.keys.every((key) => key.kty === "oct")) return createLocalJWKSet(set);
  const { kid, alg } = decodeProtectedHeader(entry.token);
  const named = set.keys.filter((key) => kid === undefined || key.kid === kid);
  if (named.length !== 1) throw new Error("not one key of that name");
  if (named[0].alg !== undefined && named[0].alg !== alg) throw new Error("the key is for another algorithm");
  return importJWK(named[0], alg);
}

async function judge(entry) {
  const verifying = await keys(entry);
  if (entry.use === "signature") {
    const algorithms = typeof verifying === "function" ? PUBLIC : SECRET;
    await compactVerify(entry.token, verifying, { algorithms });
    return null;
  }
  const { payload } = await jwtVerify(entry.token, verifying, {
    issuer: entry.issuer,
    audience: entry.audience,
    algorithms: PUBLIC,
    clockTolerance: SKEW,
    currentDate: new Date(entry.now),
    requiredClaims: entry.nonce === null ? ["sub", "exp"] : ["sub", "exp", "iat", "nonce"],
  });
  if (entry.nonce !== null && payload.nonce !== entry.nonce) throw new Error("another nonce");
  return payload;
}

for await (const line of createInterface({ input: process.stdin })) {
  const entry = JSON.parse(line);
  let answer;
  try {
    answer = { verdict: "accept", claims: await judge(entry) };
  } catch (error) {
    answer = { verdict: "reject", reason: `${error.name}: ${error.message}`.slice(0, 300) };
  }
  console.log(JSON.stringify({ id: entry.id, ...answer }));
}
