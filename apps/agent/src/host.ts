import type { Duplex } from 'node:stream';
import {
  flowCodes,
  type Admission,
  type AgentAssociation,
  type AgentHost,
  type Answer,
  type AskedDestination,
  type Claim,
  type DatagramEvents,
  type EndCode,
  type FlowCode,
  type MuxDatagrams,
  type MuxStream,
  type StreamEvents,
} from '@sallyport/agent-protocol';
import { signatureIsGood, verifyAgentToken, type PublicKey, type TrustedKeys } from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';
import { isAddress, isRefusedForever, parseAddress } from './addresses.ts';
import { judge, nameIsGranted, type GatewayFacts } from './admission.ts';
import { Client, endOfLink, type Admitted, type Conversation } from './client.ts';
import { Opening } from './flows/opening.ts';
import { carryTcp } from './flows/tcp.ts';
import type { Trace } from './flows/trace.ts';
import { carryUdp } from './flows/udp.ts';
import { PacketSwitch } from './l3/packet-switch.ts';
import {
  clientsMax,
  dialWithinMs,
  echoWithinMs,
  flowsMax,
  heldBytesMax,
  nameTtlSecondsMax,
  resolveWithinMs,
  revokedRememberedMax,
} from './limits.ts';
import { Memory } from './memory.ts';
import type { Meters } from './meters.ts';
import type { AgentPorts } from './ports.ts';
import type { FlowEnd } from './records/flow-record.ts';
import { RefusalBudget } from './records/refusal-budget.ts';

/** What the host is told of the agent it works for. */
export interface HostOptions {
  readonly agentId: string;
  readonly issuer: string;
  /** The keys trusted now; they move at a rotation. */
  keys(): TrustedKeys;
  /** Addresses closed by the administrator, the network's resolver among them. */
  readonly closedAddresses: readonly string[];
  readonly ports: AgentPorts;
  readonly meters: Meters;
  /** What all clients together may have held in memory. */
  readonly heldBytesMax?: number;
}

/** Judges clients and what they ask for, and carries what is granted. The link's bytes are not its business. */
export class Host implements AgentHost<Admitted> {
  /** Whole packets; not there, and so not offered, without a device. */
  readonly packet?: (packet: Uint8Array, association: AgentAssociation<Admitted>) => void;
  readonly #options: HostOptions;
  readonly #clients = new Map<string, Client>();
  readonly #revoked = new Set<string>();
  readonly #refusals: RefusalBudget;
  /** What clients make the agent hold. */
  readonly memory: Memory;
  #flows = 0;

  constructor(options: HostOptions) {
    this.#options = options;
    const { packets: device, effects } = options.ports;
    this.#refusals = new RefusalBudget(effects.clock);
    this.memory = new Memory(
      options.heldBytesMax ?? heldBytesMax,
      () => this.#clients.values(),
      ({ claims }, bytes) =>
        effects.log.write('warn', 'a client held too much', { grantId: claims.sub, bytes }),
    );
    if (device === undefined) return;
    const packets = new PacketSwitch({
      device,
      effects,
      judge: (client, address) => judge('ip', { address, port: 0 }, client.claims.allow, this.#facts()),
      isFull: (client) => this.#isFull(client),
      keep: (client, conversation) => this.#keep(client, conversation),
      moved: (bytes) => this.memory.moved(bytes),
      dropped: (why) => options.meters.packetDropped(why),
    });
    this.packet = (packet, association) => {
      const client = this.#clients.get(association.id);
      if (client !== undefined) packets.fromClient(client, packet);
    };
  }

  get clients(): number {
    return this.#clients.size;
  }

  async admit(claim: Claim): Promise<Admission<Admitted>> {
    try {
      if (!(await signatureIsGood(claim.publicKey, claim.signed, claim.signature)))
        throw new Problem('SIGNED_TOKEN_HOLDER_WRONG');
      return await this.#judged(claim.token, claim.publicKey);
    } catch (cause) {
      const code = cause instanceof Problem ? cause.code : 'AGENT_TOKEN_REFUSED';
      this.#options.meters.refusedClient(code);
      this.#options.ports.effects.log.write('warn', 'a client was refused', { code });
      throw cause;
    }
  }

  async renew(token: string, association: AgentAssociation<Admitted>): Promise<Admission<Admitted>> {
    const { claims, holder } = association.grant;
    const renewed = await this.#judged(token, holder, true);
    const now = renewed.grant.claims;
    if (now.sub !== claims.sub || now.usr !== claims.usr) throw new Problem('SIGNED_TOKEN_HOLDER_WRONG');
    this.#judgeAgain(association.id, renewed.grant);
    return renewed;
  }

  openTcp(
    to: AskedDestination,
    association: AgentAssociation<Admitted>,
    stream: MuxStream & { accept(): void; readonly heldBytes: number },
  ): StreamEvents {
    const client = this.#client(association);
    const trace = client.trace('tcp', to.host, to.port);
    const opening = new Opening();
    const carried = carryTcp(stream, this.#dial(client, to, trace, opening), this.#context(client, trace));
    this.#keep(client, { trace, break: carried.break, held: carried.held }, opening);
    return carried.events;
  }

  openUdp(to: AskedDestination, association: AgentAssociation<Admitted>, flow: MuxDatagrams): DatagramEvents {
    const client = this.#client(association);
    const trace = client.trace('udp', to.host, to.port);
    const opening = new Opening();
    const open = async (received: (datagram: Uint8Array) => void, ended: (code: string) => void) => {
      try {
        const address = await this.#aim('udp', client, to, trace, opening);
        return this.#options.ports.network.openUdp(address, to.port, received, ended);
      } finally {
        opening.settle();
      }
    };
    const carried = carryUdp(flow, open, this.#context(client, trace));
    this.#keep(client, { trace, break: carried.break, held: carried.held }, opening);
    return carried.events;
  }

  async echo(
    host: string,
    payload: Uint8Array,
    association: AgentAssociation<Admitted>,
  ): Promise<Uint8Array> {
    const client = this.#client(association);
    const asked = client.trace('icmp', host, 0);
    try {
      const address = await this.#aim('icmp', client, { host, port: 0 }, asked);
      // Looked at again where it is counted: many may have asked at once.
      if (!client.echoes.has(address) && this.#isFull(client)) throw new Problem('FLOW_LIMITED');
      const trace = client.echoTrace(address);
      trace.stood = true;
      trace.bytesUp += payload.length;
      const reply = await this.#within(echoWithinMs, (signal) =>
        this.#options.ports.network.echo(address, payload, signal),
      );
      trace.bytesDown += reply.length;
      return reply;
    } catch (cause) {
      const code = codeOf(cause);
      if (code === 'FLOW_NOT_GRANTED') asked.finish('refused', code);
      throw cause;
    }
  }

  async resolve(name: string, type: 'A' | 'AAAA', association: AgentAssociation<Admitted>): Promise<Answer> {
    const client = this.#client(association);
    const asked = name.toLowerCase().replace(/\.$/, '');
    this.#options.meters.question();
    if (!nameIsGranted(asked, client.claims.suffixes))
      return { code: 'REFUSED', addresses: [], ttlSeconds: 0 };
    const answer = await this.#ask(asked, type);
    client.remember(asked, answer.addresses);
    return { ...answer, ttlSeconds: Math.min(answer.ttlSeconds, nameTtlSecondsMax) };
  }

  began(association: AgentAssociation<Admitted>): void {
    const { ports, meters } = this.#options;
    const client = new Client(association, ports.effects, (record, stood) => {
      meters.flowEnded(record);
      if (stood || this.#refusals.take(record.grantId)) ports.records.add(record);
    });
    this.#clients.set(association.id, client);
    meters.clients(this.#clients.size);
    ports.effects.log.write('info', 'a client was admitted', {
      grantId: client.claims.sub,
      personId: client.claims.usr,
    });
  }

  ended(association: AgentAssociation<Admitted>, code: EndCode): void {
    const client = this.#clients.get(association.id);
    if (client === undefined) return;
    client.endAll('REACH_ENDED', client.why ?? endOfLink(code));
    this.#clients.delete(association.id);
    this.#options.meters.clients(this.#clients.size);
    this.#options.ports.effects.log.write('info', 'a client is gone', { grantId: client.claims.sub, code });
  }

  /** Ends everything under these grants at once, and refuses their tokens from now on. */
  revoke(grantIds: readonly string[]): void {
    for (const grantId of grantIds) {
      this.#revoked.delete(grantId);
      this.#revoked.add(grantId);
      for (const client of [...this.#clients.values()]) {
        if (client.claims.sub !== grantId) continue;
        client.endAll('REACH_ENDED', 'revoked');
        client.association.end('GRANT_ENDED');
      }
    }
    for (const oldest of this.#revoked) {
      if (this.#revoked.size <= revokedRememberedMax) break;
      this.#revoked.delete(oldest);
    }
  }

  /** Ends every client: the agent stops. */
  endAll(): void {
    for (const client of [...this.#clients.values()]) {
      client.endAll('REACH_DOWN', 'error');
      client.association.end('AGENT_UNREACHABLE');
    }
  }

  async #judged(token: string, holder: PublicKey, renewing = false): Promise<Admission<Admitted>> {
    const { agentId, issuer, ports } = this.#options;
    const claims = await verifyAgentToken(token, {
      keys: this.#options.keys(),
      issuer,
      agentId,
      holder,
      now: ports.effects.clock.now(),
    });
    if (this.#revoked.has(claims.sub)) throw new Problem('GRANT_ENDED');
    if (!renewing && this.#clients.size >= clientsMax && !this.#isKnown(claims.cnf.jkt))
      throw new Problem('FLOW_LIMITED', { detail: 'This gateway serves as many clients as it can.' });
    return {
      owner: `${claims.sub}/${claims.usr}/${claims.cnf.jkt}`,
      expiresAt: claims.exp * 1000,
      streamsMax: claims.max_streams,
      grant: { claims, holder },
    };
  }

  #isKnown(jkt: string): boolean {
    return [...this.#clients.values()].some(({ claims }) => claims.cnf.jkt === jkt);
  }

  #client(association: AgentAssociation<Admitted>): Client {
    const client = this.#clients.get(association.id);
    if (client === undefined) throw new Problem('REACH_ENDED');
    return client;
  }

  /** Under a narrower token, what it no longer opens is broken. */
  #judgeAgain(associationId: string, grant: Admitted): void {
    const facts = this.#facts();
    for (const conversation of [...(this.#clients.get(associationId)?.conversations ?? [])]) {
      const { proto, destination, port } = conversation.trace;
      if (parseAddress(destination) === undefined) continue;
      if (!judge(proto, { address: destination, port }, grant.claims.allow, facts).granted)
        conversation.break('FLOW_NOT_GRANTED', 'revoked');
    }
  }

  /** What is asked for by its address is dialled before this returns: a program waits for it. */
  #dial(client: Client, to: AskedDestination, trace: Trace, opening: Opening): Promise<Duplex> {
    const { network, effects } = this.#options.ports;
    const dial = (address: string) => {
      const timer = effects.timers.after(dialWithinMs, () => opening.tooLate());
      const dialling = network.dialTcp(address, to.port, opening.signal);
      const over = () => {
        effects.timers.cancel(timer);
        opening.settle();
      };
      dialling.then(over, over);
      return dialling;
    };
    const failed = (cause: unknown): never => {
      opening.settle();
      throw cause;
    };
    try {
      const aimed = this.#aim('tcp', client, to, trace, opening);
      return typeof aimed === 'string' ? dial(aimed) : aimed.then(dial, failed);
    } catch (cause) {
      opening.settle();
      return Promise.reject(cause instanceof Error ? cause : new Problem('FLOW_UNREACHABLE', { cause }));
    }
  }

  /** The one address to dial: a name is resolved here and now, once, and only the address is judged and dialled. */
  #aim(
    proto: 'tcp' | 'udp' | 'icmp',
    client: Client,
    to: AskedDestination,
    trace: Trace,
    opening?: Opening,
  ): string | Promise<string> {
    if (proto !== 'icmp' && this.#isFull(client)) throw new Problem('FLOW_LIMITED');
    const candidates = isAddress(to.host) || !looksLikeName(to.host) ? [to.host] : undefined;
    if (candidates) return this.#granted(proto, client, candidates, to.port, trace);
    const name = to.host.toLowerCase().replace(/\.$/, '');
    if (!nameIsGranted(name, client.claims.suffixes)) throw new Problem('FLOW_NOT_GRANTED');
    trace.name = name;
    return this.#resolved(client, name, opening).then((found) =>
      this.#granted(proto, client, found, to.port, trace),
    );
  }

  async #resolved(client: Client, name: string, opening: Opening | undefined): Promise<readonly string[]> {
    const answers = await Promise.all([this.#ask(name, 'A', opening), this.#ask(name, 'AAAA', opening)]);
    // A network that cannot break off answers all the same: nobody waits for it, and it is not dialled.
    opening?.signal.throwIfAborted();
    const candidates = answers.flatMap(({ addresses }) => addresses);
    client.remember(name, candidates);
    if (candidates.length === 0) throw new Problem('FLOW_UNREACHABLE');
    return candidates;
  }

  /** The first of the addresses that may be dialled. */
  #granted(
    proto: 'tcp' | 'udp' | 'icmp',
    client: Client,
    candidates: readonly string[],
    port: number,
    trace: Trace,
  ): string {
    const facts = this.#facts();
    for (const address of candidates) {
      const verdict = judge(proto, { address, port }, client.claims.allow, facts);
      if (!verdict.granted) {
        this.#options.meters.refusedFlow(verdict.why);
        continue;
      }
      trace.destination = verdict.address;
      trace.name ??= client.names.get(verdict.address) ?? null;
      return verdict.address;
    }
    throw new Problem('FLOW_NOT_GRANTED');
  }

  /** Whether one conversation more is too many. Echoes to an address are one, until they pause. */
  #isFull(client: Client): boolean {
    let echoes = 0;
    for (const one of this.#clients.values()) echoes += one.echoes.size;
    return client.open >= client.claims.max_streams || this.#flows + echoes >= flowsMax;
  }

  /** The resolver's answer without the addresses that nobody may ever reach. */
  async #ask(name: string, type: 'A' | 'AAAA', opening?: Opening): Promise<Answer> {
    const { network } = this.#options.ports;
    const ask = (signal: AbortSignal) => network.resolve(name, type, signal);
    const answer = await this.#within(resolveWithinMs, ask, opening);
    const addresses = answer.addresses.filter((text) => {
      const address = parseAddress(text);
      return address !== undefined && !isRefusedForever(address);
    });
    return { ...answer, addresses };
  }

  #facts(): GatewayFacts {
    const { ports, closedAddresses } = this.#options;
    const own = ports.network.ownAddresses();
    // What leaves the packet device leaves in the name of its addresses: they are the agent's own as well.
    const ownAddresses = ports.packets === undefined ? own : [...own, ...ports.packets.addresses];
    return { ownAddresses, closedAddresses };
  }

  /** Counts a conversation until it is over, and until nothing goes on for its opening any more. */
  #keep(client: Client, conversation: Conversation, opening?: Opening): void {
    if (conversation.trace.finished) return;
    client.conversations.add(conversation);
    this.#flows += 1;
    this.#options.meters.flows(this.#flows);
    const over = () => {
      client.leaving -= 1;
      this.#flows -= 1;
      this.#options.meters.flows(this.#flows);
    };
    conversation.trace.whenFinished(() => {
      client.conversations.delete(conversation);
      client.leaving += 1;
      if (opening === undefined) over();
      else opening.abandon(over);
    });
  }

  #context(client: Client, trace: Trace) {
    return {
      trace,
      timers: this.#options.ports.effects.timers,
      pace: client.pace,
      whyLinkEnded: () => client.whyEnded(),
      codeOf,
      moved: (bytes: number) => this.memory.moved(bytes),
      endOf: (code: FlowCode): FlowEnd => (code === 'FLOW_LIMITED' ? 'limit' : 'refused'),
    };
  }

  async #within<T>(
    ms: number,
    run: (signal: AbortSignal) => Promise<T>,
    opening = new Opening(),
  ): Promise<T> {
    const { timers } = this.#options.ports.effects;
    const timer = timers.after(ms, () => opening.tooLate());
    try {
      return await run(opening.signal);
    } finally {
      timers.cancel(timer);
    }
  }
}

/** The code that a failure has on the wire. */
function codeOf(cause: unknown): FlowCode {
  const code = cause instanceof Problem ? cause.code : '';
  return Object.hasOwn(flowCodes, code) ? (code as FlowCode) : 'FLOW_UNREACHABLE';
}

/** Letters somewhere in the last label: what is all digits was meant as an address in a notation that is none here. */
function looksLikeName(host: string): boolean {
  return /^(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?$/i.test(host) && /[a-z][^.]*\.?$/i.test(host);
}
