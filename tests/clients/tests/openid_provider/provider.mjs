// The npm package oidc-provider as an identity provider of this machine, for the tests beside this file.
//
//   node provider.mjs FOLDER CONFIGURATION
//
// FOLDER holds the node_modules, CONFIGURATION is JSON: `par` (off, offered, required), `dpop_nonce` (whether one is
// required), `client_jwks` (the key of the client `by-key`), `client_algs` (what signatures of keys are taken, where not
// all that the package takes). The first line of output is the issuer. It ends with its input.
// Whoever comes is signed in as martha and agrees to everything. Beside the endpoints of the package:
//   POST /_control/rotate   signs with a new key from now on; the old one is published beside it
//   GET  /_control/counts   how often each path was asked for
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, configuration] = process.argv.slice(2);
const { par, dpop_nonce, client_jwks, client_algs } = JSON.parse(configuration);
const library = (path) => import(pathToFileURL(join(folder, 'node_modules/oidc-provider/lib', path)));
const { Provider, errors } = await library('index.js');
// What the package holds its own grants to.
const { default: validateDpop } = await library('helpers/validate_dpop.js');

const CALLBACK = 'http://localhost:8200/oidc/callback';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const PEOPLE = { martha: { email: 'martha@example.com', email_verified: true, name: 'Martha' } };

// What outlives a change of keys.
class Storage {
  static kept = new Map();
  constructor(model) { this.model = model; }
  key(id) { return `${this.model}:${id}`; }
  async upsert(id, payload) { Storage.kept.set(this.key(id), structuredClone(payload)); }
  async find(id) { return Storage.kept.get(this.key(id)); }
  async findByUid(uid) {
    return [...Storage.kept].find(([key, one]) => key.startsWith(`${this.model}:`) && one.uid === uid)?.[1];
  }
  async findByUserCode() { return undefined; }
  async consume(id) { Storage.kept.get(this.key(id)).consumed = Math.floor(Date.now() / 1000); }
  async destroy(id) { Storage.kept.delete(this.key(id)); }
  async revokeByGrantId(grantId) {
    for (const [key, one] of Storage.kept) if (one.grantId === grantId) Storage.kept.delete(key);
  }
}

function newKey() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid: randomUUID(), alg: 'ES256', use: 'sig' };
}

function client(client_id, more) {
  return {
    client_id,
    redirect_uris: [CALLBACK],
    response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token', EXCHANGE],
    id_token_signed_response_alg: 'ES256',
    ...more,
  };
}

const clients = [
  client('by-header', { client_secret: 'first secret: & more', token_endpoint_auth_method: 'client_secret_basic' }),
  client('by-body', { client_secret: 'second secret', token_endpoint_auth_method: 'client_secret_post' }),
  client('public', { token_endpoint_auth_method: 'none' }),
  client('bound', { token_endpoint_auth_method: 'none', dpop_bound_access_tokens: true }),
  client('signed-userinfo', {
    client_secret: 'third secret', token_endpoint_auth_method: 'client_secret_basic',
    userinfo_signed_response_alg: 'ES256',
  }),
];
if (client_jwks) {
  clients.push(client('by-key', { jwks: client_jwks, token_endpoint_auth_method: 'private_key_jwt' }));
}

// RFC 8693 for access tokens of this provider; the service `https://api.example` alone is one to ask for.
async function exchange(ctx) {
  const { params, client, provider } = ctx.oidc;
  if (params.subject_token_type !== ACCESS_TOKEN || ![undefined, ACCESS_TOKEN].includes(params.requested_token_type)) {
    throw new errors.InvalidRequest('access tokens alone are exchanged');
  }
  const proof = await validateDpop(provider, ctx);
  const subject = await provider.AccessToken.find(params.subject_token);
  if (!subject || (subject.jkt && subject.jkt !== proof?.thumbprint)) {
    throw new errors.InvalidRequest('the subject token is not one of this client');
  }
  if ([params.resource ?? []].flat().some((resource) => resource !== 'https://api.example')) {
    throw new errors.InvalidTarget();
  }
  const { accountId, grantId } = subject;
  const token = new provider.AccessToken({ accountId, client, grantId, gty: 'token_exchange', scope: params.scope });
  if (proof) token.setThumbprint('jkt', proof.thumbprint);
  ctx.body = {
    access_token: await token.save(), issued_token_type: ACCESS_TOKEN, token_type: token.tokenType,
    expires_in: token.expiration, scope: token.scope,
  };
}

function makeProvider(issuer, keys) {
  const provider = new Provider(issuer, {
    adapter: Storage,
    clients,
    jwks: { keys },
    cookies: { keys: ['of this test alone'] },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_, id) => (id in PEOPLE ? { accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) } : undefined),
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    ...(client_algs && { enabledJWA: { clientAuthSigningAlgValues: client_algs } }),
    issueRefreshToken: async (_, one) => one.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    pkce: { required: () => true },
    features: {
      devInteractions: { enabled: false },
      jwtUserinfo: { enabled: true },
      pushedAuthorizationRequests: { enabled: par !== 'off', requirePushedAuthorizationRequests: par === 'required' },
      dPoP: { enabled: true, nonceSecret: Buffer.alloc(32, 7), requireNonce: () => dpop_nonce === true },
    },
  });
  const parameters = ['subject_token', 'subject_token_type', 'resource', 'audience', 'scope', 'requested_token_type'];
  provider.registerGrantType(EXCHANGE, exchange, parameters, ['resource', 'audience']);
  return provider;
}

async function agree(provider, request, response) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: 'martha' } });
  }
  const grant = grantId ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  return provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } },
    { mergeWithLastSubmission: true });
}

let keys = [newKey()];
let provider;
const counts = {};
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://localhost');
  counts[pathname] = (counts[pathname] ?? 0) + 1;
  if (pathname === '/_control/rotate') {
    keys = [newKey(), keys[0]];
    provider = makeProvider(issuer, keys);
    response.end();
  } else if (pathname === '/_control/counts') {
    response.end(JSON.stringify(counts));
  } else if (pathname.startsWith('/interaction/')) {
    agree(provider, request, response).catch((error) => { response.statusCode = 500; response.end(String(error)); });
  } else {
    provider.callback()(request, response);
  }
});
await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
const issuer = `http://127.0.0.1:${server.address().port}`;
provider = makeProvider(issuer, keys);
process.stdin.on('end', () => process.exit()).resume();
console.log(issuer);
