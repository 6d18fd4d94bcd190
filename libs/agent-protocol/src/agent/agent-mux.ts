import type { TimerHandle } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { EndCode } from '../codes.ts';
import type { Admission, AgentAssociation, AgentMuxOptions, CarrierInput, CarrierSink } from '../contract.ts';
import { frame } from '../frame/encode.ts';
import { frameTypes } from '../frame/frame-type.ts';
import { CarrierEnd, type Newcomer } from '../handshake/carrier-end.ts';
import {
  helloBody,
  readClaim,
  refusedBody,
  signedBytes,
  welcomeBody,
  type ClaimMessage,
  type Feature,
  type Hello,
} from '../handshake/messages.ts';
import { carriersMax, halfOpenMax, handshakeWithinMs, versionsSpoken } from '../limits.ts';
import { violation } from '../violation.ts';
import { Association } from './association.ts';

/** The agent's side of the protocol: admits carriers, joins those of one client to one link, and asks its host about everything else. */
export interface AgentMux<G> {
  /** A connection came in; undefined (and closed) after {@link close}. When too many stand open that have not shown who they are, the oldest of those is closed. */
  accept(sink: CarrierSink): CarrierInput | undefined;
  readonly associations: readonly AgentAssociation<G>[];
  /** Connections that have not shown who they are. */
  readonly halfOpen: number;
  /** Ends all links. Nothing is accepted afterwards. */
  close(code?: EndCode): void;
}

export function createAgentMux<G>(options: AgentMuxOptions<G>): AgentMux<G> {
  return new Agent(options);
}

class Agent<G> implements AgentMux<G> {
  readonly #options: AgentMuxOptions<G>;
  readonly #associations = new Map<string, Association<G>>();
  readonly #halfOpen = new Set<CarrierEnd>();
  #closed = false;

  constructor(options: AgentMuxOptions<G>) {
    this.#options = options;
  }

  get associations(): readonly AgentAssociation<G>[] {
    return [...this.#associations.values()];
  }
  get halfOpen(): number {
    return this.#halfOpen.size;
  }

  accept(sink: CarrierSink): CarrierInput | undefined {
    if (this.#closed) {
      sink.close();
      return undefined;
    }
    // The oldest goes: whoever means it has shown who they are long before so many others have come.
    if (this.#halfOpen.size >= halfOpenMax) this.#halfOpen.values().next().value?.end();
    const { host, ports } = this.#options;
    const features: Feature[] = ['names'];
    if (host.openUdp) features.push('udp');
    if (host.echo) features.push('echo');
    if (host.packet) features.push('packets');
    if (ports.packer) features.push('zstd');
    const hello: Hello = {
      agentId: this.#options.agentId,
      versions: this.#options.versions ?? versionsSpoken,
      features,
      nonce: ports.effects.random.bytes(32),
    };
    const end = new CarrierEnd(ports, sink, (self) => this.#newcomer(self, hello));
    this.#halfOpen.add(end);
    sink.send([frame(frameTypes.hello, 0, helloBody(hello))]);
    return end;
  }

  close(code: EndCode = 'AGENT_UNREACHABLE'): void {
    this.#closed = true;
    for (const end of [...this.#halfOpen]) end.end();
    for (const association of [...this.#associations.values()]) association.end(code);
  }

  #newcomer(end: CarrierEnd, hello: Hello): Newcomer {
    const { effects } = this.#options.ports;
    const late = effects.timers.after(handshakeWithinMs, () => end.end());
    const settled = (timer: TimerHandle) => {
      effects.timers.cancel(timer);
      this.#halfOpen.delete(end);
    };
    let asked = false;
    let joined: Association<G> | undefined;
    return {
      frame: (type, body) => {
        if (asked || type !== frameTypes.claim) throw violation('a claim comes first, and alone');
        asked = true;
        const claim = readClaim(body);
        void this.#judge(claim, hello).then(
          (association) => {
            if (end.over) return association.leftAlone();
            settled(late);
            joined = association;
            this.#welcome(end, association, hello, claim);
          },
          (error: unknown) => {
            if (end.over) return;
            const code = error instanceof Problem ? error.code : 'AGENT_TOKEN_REFUSED';
            end.sink.send([frame(frameTypes.refused, 0, refusedBody(code))]);
            end.end();
          },
        );
      },
      ended: (problem) => {
        settled(late);
        if (problem !== undefined) joined?.violated();
      },
    };
  }

  async #judge(claim: ClaimMessage, hello: Hello): Promise<Association<G>> {
    if (!hello.versions.includes(claim.version)) throw new Problem('AGENT_VERSION_UNSUPPORTED');
    const { token, publicKey, signature } = claim;
    const signed = signedBytes(hello, claim);
    const admission = await this.#options.host.admit({ token, publicKey, signature, signed });
    if (this.#closed) throw new Problem('AGENT_UNREACHABLE');
    const known = this.#associations.get(claim.association);
    // An unknown link is answered with a new one: the client sees that its own is forgotten.
    if (!known) return this.#begin(admission);
    if (known.owner !== admission.owner) throw new Problem('AGENT_LINK_UNKNOWN');
    if (known.carriers >= carriersMax) throw new Problem('FLOW_LIMITED');
    known.admit(admission);
    return known;
  }

  #begin(admission: Admission<G>): Association<G> {
    const { ports, host } = this.#options;
    const id = [...ports.effects.random.bytes(16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    const association = new Association(id, ports, host, admission, () => this.#associations.delete(id));
    this.#associations.set(id, association);
    host.began?.(association);
    return association;
  }

  #welcome(end: CarrierEnd, association: Association<G>, hello: Hello, claim: ClaimMessage): void {
    const { id, streamsMax, tokenEndsInMs, link } = association;
    end.sink.send([
      frame(frameTypes.welcome, 0, welcomeBody({ association: id, streamsMax, tokenEndsInMs })),
    ]);
    link.usePacking(claim.features.includes('zstd') && hello.features.includes('zstd'));
    association.joined();
    end.join(link);
  }
}
