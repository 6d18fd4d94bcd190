import { beforeAll, describe, expect, it } from 'vitest';
import {
  fingerprint,
  keyNamedBy,
  signAgentCall,
  signAgentToken,
  signatureIsGood,
  signKeySet,
  signRouteGrant,
  thumbprint,
  trust,
  verifyAgentCall,
  verifyAgentToken,
  verifyKeySet,
  verifyRouteGrant,
  type AgentTokenClaims,
  type RouteGrantClaims,
} from './index.ts';
import { aKeyHolder, agentClaims, routeClaims, testIssuer, testNow } from './testing/index.ts';

type Holder = Awaited<ReturnType<typeof aKeyHolder>>;
let issuer: Holder;
let stranger: Holder;
let client: Holder;

beforeAll(async () => {
  [issuer, stranger, client] = await Promise.all([aKeyHolder(), aKeyHolder(), aKeyHolder()]);
});

const jkt = () => client.publicKey.kid ?? '';
const facts = (but: object = {}) => ({
  keys: issuer.trusted,
  issuer: testIssuer,
  agentId: 'agt_1',
  holder: client.publicKey,
  now: testNow,
  ...but,
});
const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');

/** Signs anything under any header, as a careless or hostile issuer would. */
async function forged(header: object, claims: unknown, by: Holder = issuer): Promise<string> {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${Buffer.from(await by.signer.sign(Buffer.from(input))).toString('base64url')}`;
}
const header = (but: object = {}) => ({
  alg: 'EdDSA',
  typ: 'sallyport-agent+jwt',
  kid: issuer.signer.kid,
  ...but,
});
const second = testNow / 1000;

describe('an agent token', () => {
  it('is believed as it was signed', async () => {
    const claims = agentClaims(jkt(), { max_bps: 1_000_000 });
    const token = await signAgentToken(claims, issuer.signer);
    await expect(verifyAgentToken(token, facts())).resolves.toEqual(claims);
    expect(keyNamedBy(token)).toBe(issuer.signer.kid);
  });

  it.each<[string, Partial<Record<keyof AgentTokenClaims | 'deny', unknown>>, string]>([
    ['of another issuer', { iss: 'https://elsewhere.test' }, 'SIGNED_TOKEN_ISSUER_WRONG'],
    ['for another agent', { aud: 'agt_2' }, 'SIGNED_TOKEN_AUDIENCE_WRONG'],
    ['for several agents', { aud: ['agt_1', 'agt_2'] }, 'SIGNED_TOKEN_MALFORMED'],
    ['bound to another key', { cnf: { jkt: 'A'.repeat(43) } }, 'SIGNED_TOKEN_HOLDER_WRONG'],
    ['bound to no key', { cnf: undefined }, 'SIGNED_TOKEN_MALFORMED'],
    ['that lasts 61 seconds', { exp: second + 61 }, 'SIGNED_TOKEN_LIFETIME_TOO_LONG'],
    ['that ends before it begins', { exp: second - 1 }, 'SIGNED_TOKEN_LIFETIME_TOO_LONG'],
    ['without an end', { exp: undefined }, 'SIGNED_TOKEN_MALFORMED'],
    ['with an end in text', { exp: String(second + 60) }, 'SIGNED_TOKEN_MALFORMED'],
    ['that is over', { nbf: second - 60, exp: second }, 'SIGNED_TOKEN_EXPIRED'],
    ['of the future', { nbf: second + 6, exp: second + 60 }, 'SIGNED_TOKEN_NOT_YET_VALID'],
    ['without an id', { jti: undefined }, 'SIGNED_TOKEN_MALFORMED'],
    ['without a grant', { sub: undefined }, 'SIGNED_TOKEN_MALFORMED'],
    ['without a person', { usr: undefined }, 'SIGNED_TOKEN_MALFORMED'],
    [
      'with a name for a range',
      { allow: [{ cidr: 'db.internal', ports: [[1, 2]], proto: 'tcp' }] },
      'SIGNED_TOKEN_MALFORMED',
    ],
    [
      'with IPv4 in IPv6 notation',
      { allow: [{ cidr: '::ffff:10.0.0.1/128', ports: [[1, 2]], proto: 'tcp' }] },
      'SIGNED_TOKEN_MALFORMED',
    ],
    [
      'with a port above the last',
      { allow: [{ cidr: '10.0.0.0/8', ports: [[1, 65_536]], proto: 'tcp' }] },
      'SIGNED_TOKEN_MALFORMED',
    ],
    [
      'with ports downwards',
      { allow: [{ cidr: '10.0.0.0/8', ports: [[2, 1]], proto: 'tcp' }] },
      'SIGNED_TOKEN_MALFORMED',
    ],
    [
      'with TCP but no port',
      { allow: [{ cidr: '10.0.0.0/8', ports: [], proto: 'tcp' }] },
      'SIGNED_TOKEN_MALFORMED',
    ],
    [
      'with echoes on a port',
      { allow: [{ cidr: '10.0.0.0/8', ports: [[1, 1]], proto: 'icmp' }] },
      'SIGNED_TOKEN_MALFORMED',
    ],
    [
      'with a protocol nobody knows',
      { allow: [{ cidr: '10.0.0.0/8', ports: [], proto: 'sctp' }] },
      'SIGNED_TOKEN_MALFORMED',
    ],
    ['without a list', { allow: undefined }, 'SIGNED_TOKEN_MALFORMED'],
    ['with a suffix in capitals', { suffixes: ['Internal'] }, 'SIGNED_TOKEN_MALFORMED'],
    ['without a bound on streams', { max_streams: undefined }, 'SIGNED_TOKEN_MALFORMED'],
    ['with no streams', { max_streams: 0 }, 'SIGNED_TOKEN_MALFORMED'],
    ['with no speed', { max_bps: 0 }, 'SIGNED_TOKEN_MALFORMED'],
    ['with a claim that this agent does not know', { deny: [] }, 'SIGNED_TOKEN_MALFORMED'],
  ])('%s is refused', async (_, but, code) => {
    const token = await forged(header(), { ...agentClaims(jkt()), ...but });
    await expect(verifyAgentToken(token, facts())).rejects.toMatchObject({ code });
  });

  it.each<[string, object, string]>([
    ['no algorithm', { alg: 'none' }, 'SIGNED_TOKEN_MALFORMED'],
    ['an HMAC keyed with the public key', { alg: 'HS256' }, 'SIGNED_TOKEN_MALFORMED'],
    ['another curve', { alg: 'ES256' }, 'SIGNED_TOKEN_MALFORMED'],
    ['the algorithm in another case', { alg: 'eddsa' }, 'SIGNED_TOKEN_MALFORMED'],
    [
      'a key of its own',
      { jwk: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) } },
      'SIGNED_TOKEN_MALFORMED',
    ],
    ['an address of a key', { jku: 'https://elsewhere.test/keys' }, 'SIGNED_TOKEN_MALFORMED'],
    ['a critical extension', { crit: ['b64'], b64: false }, 'SIGNED_TOKEN_MALFORMED'],
    ['no key name', { kid: undefined }, 'SIGNED_TOKEN_MALFORMED'],
    ['a path for a key name', { kid: '../../etc/passwd' }, 'SIGNED_TOKEN_MALFORMED'],
    ['the type of a route grant', { typ: 'sallyport-route+jwt' }, 'SIGNED_TOKEN_TYPE_WRONG'],
    ['the type of any token', { typ: 'JWT' }, 'SIGNED_TOKEN_TYPE_WRONG'],
  ])('whose header names %s is refused', async (_, but, code) => {
    const token = await forged(header(but), agentClaims(jkt()));
    await expect(verifyAgentToken(token, facts())).rejects.toMatchObject({ code });
  });

  it('signed by a stranger is refused, under the stranger’s name and under the issuer’s', async () => {
    const honest = await signAgentToken(agentClaims(jkt()), stranger.signer);
    await expect(verifyAgentToken(honest, facts())).rejects.toMatchObject({
      code: 'SIGNED_TOKEN_KEY_UNKNOWN',
    });
    const posing = await forged(header(), agentClaims(jkt()), stranger);
    await expect(verifyAgentToken(posing, facts())).rejects.toMatchObject({
      code: 'SIGNED_TOKEN_SIGNATURE_WRONG',
    });
  });

  it('is refused with any one character changed, cut off or added (canary of the verifier)', async () => {
    const token = await signAgentToken(agentClaims(jkt()), issuer.signer);
    const last = token.length - 1; // Its lowest four bits carry nothing: another spelling of the same bytes may stand there.
    for (let at = 0; at < last; at += 1) {
      const changed = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
      await expect(verifyAgentToken(changed, facts()), `character ${String(at)}`).rejects.toThrow();
    }
    for (const wrong of [
      token.slice(0, -1),
      `${token}A`,
      `${token}.`,
      '',
      '..',
      `${token}\n`,
      'x'.repeat(5000),
    ])
      await expect(verifyAgentToken(wrong, facts())).rejects.toMatchObject({
        code: 'SIGNED_TOKEN_MALFORMED',
      });
  });

  it('is believed until its last second and no longer, and a little before its first', async () => {
    const token = await signAgentToken(agentClaims(jkt()), issuer.signer);
    await expect(verifyAgentToken(token, facts({ now: testNow + 59_999 }))).resolves.toBeDefined();
    await expect(verifyAgentToken(token, facts({ now: testNow + 60_000 }))).rejects.toMatchObject({
      code: 'SIGNED_TOKEN_EXPIRED',
    });
    await expect(verifyAgentToken(token, facts({ now: testNow - 5000 }))).resolves.toBeDefined();
    await expect(verifyAgentToken(token, facts({ now: testNow - 5001 }))).rejects.toMatchObject({
      code: 'SIGNED_TOKEN_NOT_YET_VALID',
    });
  });

  it('is not signed when it would be larger than an agent reads, or has not the form', async () => {
    const allow = Array.from({ length: 64 }, (_, n) => ({
      cidr: `10.0.${String(n)}.0/24`,
      ports: [[1, 65_535]] as [number, number][],
      proto: 'tcp' as const,
    }));
    await expect(signAgentToken(agentClaims(jkt(), { allow }), issuer.signer)).rejects.toMatchObject({
      code: 'SIGNED_TOKEN_MALFORMED',
    });
    await expect(signAgentToken(agentClaims('short'), issuer.signer)).rejects.toMatchObject({
      code: 'SIGNED_TOKEN_MALFORMED',
    });
  });
});

describe('a route grant', () => {
  const routeHeader = () => header({ typ: 'sallyport-route+jwt' });

  it('is believed as it was signed, also for virtual addresses', async () => {
    const virtual = routeClaims({
      routes: [],
      virtual: true,
      names: [{ name: 'prod-rds', address: null }],
      device: { mtuMax: 1400 },
    });
    for (const claims of [routeClaims(), virtual])
      await expect(verifyRouteGrant(await signRouteGrant(claims, issuer.signer), facts())).resolves.toEqual(
        claims,
      );
  });

  it.each<[string, Partial<Record<keyof RouteGrantClaims, unknown>>, string]>([
    ['of another issuer', { iss: 'https://elsewhere.test' }, 'SIGNED_TOKEN_ISSUER_WRONG'],
    ['for an agent', { aud: 'agt_1' }, 'SIGNED_TOKEN_AUDIENCE_WRONG'],
    ['longer than a day', { exp: second + 86_401 }, 'SIGNED_TOKEN_LIFETIME_TOO_LONG'],
    ['that is over', { nbf: second - 10, exp: second - 1 }, 'SIGNED_TOKEN_EXPIRED'],
    ['of the future', { nbf: second + 60 }, 'SIGNED_TOKEN_NOT_YET_VALID'],
    ['without a person', { usr: undefined }, 'SIGNED_TOKEN_MALFORMED'],
    ['with a name for a resolver', { resolver: 'dns.internal' }, 'SIGNED_TOKEN_MALFORMED'],
    ['with a line break in a name', { names: [{ name: 'a\nb', address: null }] }, 'SIGNED_TOKEN_MALFORMED'],
    ['with a suffix that begins with a hyphen', { suffixes: ['-x'] }, 'SIGNED_TOKEN_MALFORMED'],
    ['with a packet size of nothing', { device: { mtuMax: 1 } }, 'SIGNED_TOKEN_MALFORMED'],
  ])('%s is refused', async (_, but, code) => {
    const token = await forged(routeHeader(), { ...routeClaims(), ...but });
    await expect(verifyRouteGrant(token, facts())).rejects.toMatchObject({ code });
  });

  it('is no agent token, nor the other way round', async () => {
    const route = await signRouteGrant(routeClaims(), issuer.signer);
    await expect(verifyAgentToken(route, facts())).rejects.toMatchObject({ code: 'SIGNED_TOKEN_TYPE_WRONG' });
    const agent = await signAgentToken(agentClaims(jkt()), issuer.signer);
    await expect(verifyRouteGrant(agent, facts())).rejects.toMatchObject({ code: 'SIGNED_TOKEN_TYPE_WRONG' });
  });
});

describe('a call of an agent', () => {
  const request = {
    method: 'POST',
    path: '/api/agents/agt_1/flows',
    body: Buffer.from('{"records":[]}'),
  } as const;
  const by = { agentId: 'agt_1', audience: testIssuer, jti: 'call_1', now: testNow };
  const asked = () => ({
    key: client.publicKey,
    agentId: 'agt_1',
    audience: testIssuer,
    now: testNow + 1000,
  });

  it('is believed for the request it was signed for', async () => {
    const token = await signAgentCall(request, by, client.signer);
    await expect(verifyAgentCall(token, request, asked())).resolves.toMatchObject({
      iss: 'agt_1',
      jti: 'call_1',
    });
  });

  it.each<[string, object, object, string]>([
    ['another method', { method: 'GET' }, {}, 'SIGNED_TOKEN_REQUEST_WRONG'],
    ['another path', { path: '/api/agents/agt_2/flows' }, {}, 'SIGNED_TOKEN_REQUEST_WRONG'],
    ['another body', { body: Buffer.from('{"records":[1]}') }, {}, 'SIGNED_TOKEN_REQUEST_WRONG'],
    ['another agent', {}, { agentId: 'agt_2' }, 'SIGNED_TOKEN_ISSUER_WRONG'],
    ['another control plane', {}, { audience: 'https://elsewhere.test' }, 'SIGNED_TOKEN_AUDIENCE_WRONG'],
    ['a later minute', {}, { now: testNow + 60_000 }, 'SIGNED_TOKEN_EXPIRED'],
    ['an earlier minute', {}, { now: testNow - 60_000 }, 'SIGNED_TOKEN_NOT_YET_VALID'],
  ])('is refused for %s', async (_, butRequest, butFacts, code) => {
    const token = await signAgentCall(request, by, client.signer);
    const verified = verifyAgentCall(token, { ...request, ...butRequest }, { ...asked(), ...butFacts });
    await expect(verified).rejects.toMatchObject({ code });
  });

  it('is refused when another key signed it', async () => {
    const token = await signAgentCall(request, by, stranger.signer);
    await expect(verifyAgentCall(token, request, asked())).rejects.toMatchObject({
      code: 'SIGNED_TOKEN_KEY_UNKNOWN',
    });
  });
});

describe('trusted keys', () => {
  it('are one or two Ed25519 keys, named by their thumbprints', async () => {
    const { x, kid } = issuer.publicKey;
    expect(await thumbprint(issuer.publicKey)).toBe(kid);
    expect(fingerprint(kid ?? '')).toMatch(/^SHA256:[\w-]{43}$/);
    for (const wrong of [
      [],
      [1],
      [{ kty: 'RSA' }],
      [{ kty: 'OKP', crv: 'Ed25519', x, kid: 'A'.repeat(43) }],
      [issuer.publicKey, client.publicKey, stranger.publicKey],
    ])
      await expect(trust(wrong)).rejects.toMatchObject({ code: 'SIGNED_TOKEN_MALFORMED' });
  });

  it('have the thumbprint of RFC 8037, appendix A.3', async () => {
    const key = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' } as const;
    expect(await thumbprint(key)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  });

  it('move only from key to key, forwards', async () => {
    const known = { issuer: testIssuer, serial: 1, keys: issuer.trusted };
    const set = { issuer: testIssuer, serial: 2, keys: [issuer.publicKey, stranger.publicKey] };
    const moved = await verifyKeySet(await signKeySet(set, issuer.signer), known);
    expect([...moved.keys.keys()]).toEqual([issuer.publicKey.kid, stranger.publicKey.kid]);
    const refused = async (but: object, code: string, signer = issuer.signer) => {
      await expect(verifyKeySet(await signKeySet({ ...set, ...but }, signer), known)).rejects.toMatchObject({
        code,
      });
    };
    await refused({}, 'SIGNED_TOKEN_KEY_UNKNOWN', stranger.signer);
    await refused({ serial: 1 }, 'SIGNED_TOKEN_EXPIRED');
    await refused({ issuer: 'https://elsewhere.test' }, 'SIGNED_TOKEN_ISSUER_WRONG');
  });

  it('judge a bare signature, and a malformed one is a no', async () => {
    const said = Buffer.from('said');
    const signature = await client.signer.sign(said);
    expect(await signatureIsGood(client.publicKey, said, signature)).toBe(true);
    expect(await signatureIsGood(stranger.publicKey, said, signature)).toBe(false);
    expect(await signatureIsGood(client.publicKey, Buffer.from('else'), signature)).toBe(false);
    expect(await signatureIsGood(client.publicKey, said, signature.subarray(1))).toBe(false);
    expect(await signatureIsGood({ ...client.publicKey, x: 'no' }, said, signature)).toBe(false);
  });
});
