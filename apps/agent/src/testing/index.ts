import { duplexPair, type Duplex } from 'node:stream';
import {
  createClientLink,
  type AskedDestination,
  type ClientLink,
  type ClientLinkEvents,
  type FlowCode,
} from '@sallyport/agent-protocol';
import type { Effects } from '@sallyport/effects';
import { systemEffects } from '@sallyport/effects/system';
import { signAgentToken, type AgentTokenClaims } from '@sallyport/grant-token';
import { aKeyHolder } from '@sallyport/grant-token/testing';
import { Problem } from '@sallyport/problems';
import type { FlowRecord } from '../records/flow-record.ts';
import { joinCarrier } from '../node/carrier.ts';
import type { Meters } from '../meters.ts';
import type { GatewayNetwork, ControlPlane, PacketDevice } from '../ports.ts';
import { startAgent, type RunningAgent } from '../start-agent.ts';

export const agentId = 'agt_1';
export const issuerName = 'https://sallyport.test';
export const grantId = 'grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y';

/** A network that answers nothing but what a test puts in. */
export function aNetwork(but: Partial<GatewayNetwork> = {}): GatewayNetwork {
  const nothing = () => Promise.reject(new Problem('FLOW_UNREACHABLE'));
  return {
    dialTcp: nothing,
    openUdp: () => ({ send: () => undefined, close: () => undefined }),
    echo: nothing,
    resolve: nothing,
    ownAddresses: () => ['10.0.2.10'],
    ...but,
  };
}

/** An agent with its issuer, its records, and clients of it. */
export async function aGateway(
  given: {
    network?: GatewayNetwork;
    controlPlane?: ControlPlane;
    effects?: Effects;
    closedAddresses?: readonly string[];
    packets?: PacketDevice;
    meters?: Meters;
    heldBytesMax?: number;
  } = {},
) {
  const effects = given.effects ?? systemEffects();
  const issuer = await aKeyHolder();
  const records: FlowRecord[] = [];
  const agent = await startAgent({
    config: {
      agentId,
      issuer: issuerName,
      keys: [issuer.publicKey],
      closedAddresses: given.closedAddresses ?? [],
      ...(given.heldBytesMax === undefined ? {} : { heldBytesMax: given.heldBytesMax }),
    },
    ports: {
      effects,
      network: given.network ?? aNetwork(),
      records: { add: (record) => records.push(record), next: () => undefined },
      ...(given.packets === undefined ? {} : { packets: given.packets }),
      ...(given.meters === undefined ? {} : { meters: given.meters }),
      ...(given.controlPlane === undefined ? {} : { controlPlane: given.controlPlane }),
    },
  });
  return {
    agent,
    records,
    issuer,
    /** A new client with a key of its own, on one carrier. */
    client: (claims: Partial<AgentTokenClaims> = {}, how: ClientOptions = {}) =>
      aClient(agent, issuer, effects, claims, how),
  };
}

export interface ClientOptions {
  /** Signs tokens instead of the issuer. */
  readonly signedBy?: Awaited<ReturnType<typeof aKeyHolder>>;
  /** Signs the challenge instead of the client's own key. */
  readonly provenBy?: Awaited<ReturnType<typeof aKeyHolder>>;
  readonly carrier?: Duplex;
  readonly agentId?: string;
}

export type TestClient = Awaited<ReturnType<typeof aClient>>;

/** A client of an agent that runs elsewhere needs `how.carrier`; `issuer` signs its tokens. */
export async function aClient(
  agent: RunningAgent | undefined,
  issuer: Awaited<ReturnType<typeof aKeyHolder>>,
  effects: Effects,
  claims: Partial<AgentTokenClaims>,
  how: ClientOptions,
) {
  const own = await aKeyHolder();
  const token = (but: Partial<AgentTokenClaims> = {}) => {
    const now = Math.floor(effects.clock.now() / 1000);
    const full: AgentTokenClaims = {
      iss: issuerName,
      aud: how.agentId ?? agentId,
      jti: 'tok_1',
      sub: grantId,
      usr: 'prs_1',
      nbf: now,
      exp: now + 60,
      cnf: { jkt: own.publicKey.kid ?? '' },
      allow: [
        { cidr: '10.20.0.0/24', ports: [[1, 65_535]], proto: 'tcp' },
        { cidr: '10.20.0.0/24', ports: [[1, 65_535]], proto: 'udp' },
        { cidr: '10.20.0.0/24', ports: [], proto: 'icmp' },
      ],
      suffixes: ['internal'],
      max_streams: 64,
      ...claims,
      ...but,
    };
    return signAgentToken(full, (how.signedBy ?? issuer).signer);
  };
  const told: string[] = [];
  const packets: Uint8Array[] = [];
  const up = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<string>();
  // Refusals are looked at by those tests that expect them.
  up.promise.catch(() => undefined);
  const events: ClientLinkEvents = {
    up: () => up.resolve(),
    carrierEnded: (code) => {
      told.push(code);
      up.reject(new Problem(code as 'AGENT_TOKEN_REFUSED'));
    },
    ended: (code) => ended.resolve(code),
    packet: (packet) => packets.push(packet),
  };
  const link = createClientLink({
    ports: { effects },
    credentials: {
      publicKey: { kty: 'OKP', crv: 'Ed25519', x: own.publicKey.x },
      token: () => token(),
      sign: (bytes) => (how.provenBy ?? own).signer.sign(bytes),
    },
    events,
  });
  const addCarrier = () => {
    const [near, far] = how.carrier === undefined ? duplexPair() : [how.carrier, undefined];
    joinCarrier(
      near,
      (sink) => link.addCarrier(sink),
      () => undefined,
    );
    if (far !== undefined) agent?.accept(far);
    return near;
  };
  const carrier = addCarrier();
  return { link, told, packets, token, carrier, addCarrier, up: up.promise, ended: ended.promise };
}

/** One TCP conversation as promises. */
export function openTcp(link: ClientLink, host: string, port: number) {
  const opened = Promise.withResolvers<void>();
  const finished = Promise.withResolvers<FlowCode | 'end'>();
  opened.promise.catch(() => undefined);
  const chunks: Uint8Array[] = [];
  const to: AskedDestination = { host, port };
  const stream = link.openTcp(to, {
    opened: () => opened.resolve(),
    data: (bytes) => {
      chunks.push(bytes);
      stream.consumed(bytes.length);
    },
    end: () => finished.resolve('end'),
    reset: (code) => {
      opened.reject(new Problem(code));
      finished.resolve(code);
    },
    writable: () => undefined,
  });
  return {
    stream,
    opened: opened.promise,
    finished: finished.promise,
    received: () => Buffer.concat(chunks),
  };
}
