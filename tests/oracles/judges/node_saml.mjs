// The node-saml judge: cases as JSON lines in, one verdict a line out, in the same order.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { SAML, ValidateInResponseTo } from "@node-saml/node-saml";

const RealDate = Date;
let now = 0;
// The peer asks `new Date()` and `Date.now()`: both answer with the case's instant.
globalThis.Date = class extends RealDate {
  constructor(...parts) {
    if (parts.length) super(...parts);
    else super(now);
  }
  static now() {
    return now;
  }
};

function provider(entry) {
  const policy = entry.policy ?? {};
  const outstanding = new Map(entry.request_id === null ? [] : [[entry.request_id, new Date().toISOString()]]);
  const cache = {
    saveAsync: async () => null,
    getAsync: async (key) => outstanding.get(key) ?? null,
    // A request is asked for again by the next message of a measurement.
    removeAsync: async () => null,
  };
  const unsolicited = entry.request_id === null && policy.allow_unsolicited;
  return new SAML({
    callbackUrl: entry.acs_url,
    issuer: entry.sp_entity_id,
    audience: entry.sp_entity_id,
    idpIssuer: entry.idp_entity_id,
    entryPoint: "https://idp.example/sso",
    idpCert: entry.idp_certs.map((path) => readFileSync(path, "ascii")),
    decryptionPvk: entry.sp_key ? readFileSync(entry.sp_key, "ascii") : undefined,
    acceptedClockSkewMs: 1000 * (policy.clock_skew_s ?? 60),
    wantAuthnResponseSigned: Boolean(policy.want_response_signed),
    wantAssertionsSigned: Boolean(policy.want_assertion_signed),
    validateInResponseTo: unsolicited ? ValidateInResponseTo.never : ValidateInResponseTo.always,
    cacheProvider: cache,
  });
}

// An AttributeValue without text, and one with markup, are no strings here.
const text = (value) => (typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value));

async function judge(sp, SAMLResponse) {
  const { profile } = await sp.validatePostResponseAsync({ SAMLResponse });
  if (!profile) return { verdict: "reject", reason: "no profile came out" };
  const attributes = {};
  for (const [name, value] of Object.entries(profile.attributes ?? {})) {
    attributes[name] = (Array.isArray(value) ? value : [value]).map(text);
  }
  return { verdict: "accept", name_id: profile.nameID ?? "", attributes };
}

async function answer(entry) {
  now = RealDate.parse(entry.now);
  try {
    return await judge(provider(entry), readFileSync(entry.path).toString("base64"));
  } catch (error) {
    return { verdict: "reject", reason: `${error.name}: ${error.message}`.slice(0, 300) };
  }
}

async function speed(entry, seconds) {
  now = RealDate.parse(entry.now);
  const sp = provider(entry);
  const posted = readFileSync(entry.path).toString("base64");
  const first = await judge(sp, posted);
  if (first.verdict !== "accept") throw new Error(JSON.stringify(first));
  const began = process.hrtime.bigint();
  let count = 0;
  while (Number(process.hrtime.bigint() - began) < seconds * 1e9) {
    await judge(sp, posted);
    count += 1;
  }
  console.log(`node-saml ${(Number(process.hrtime.bigint() - began) / 1000 / count).toFixed(3)}`);
}

for await (const line of createInterface({ input: process.stdin })) {
  const entry = JSON.parse(line);
  if (process.argv[2] === "--speed") {
    await speed(entry, Number(process.argv[3]));
    break;
  }
  console.log(JSON.stringify({ id: entry.id, ...(await answer(entry)) }));
}
