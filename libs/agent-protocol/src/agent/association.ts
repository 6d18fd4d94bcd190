import type { TimerHandle } from '@sallyport/effects';
import { endCodes, flowCodes, type EndCode, type FlowCode } from '../codes.ts';
import type { Admission, AgentAssociation, AgentHost, LinkPorts } from '../contract.ts';
import { answerBody, readEcho, readOpen, readQuestion, textOf } from '../frame/bodies.ts';
import { frame, uint48 } from '../frame/encode.ts';
import { frameTypes } from '../frame/frame-type.ts';
import {
  graceAfterTokenMs,
  keptWithoutCarrierMs,
  pieceOverheadBytes,
  questionsMax,
  streamsMax,
  tokenBytesMax,
} from '../limits.ts';
import { DatagramFlow } from '../link/datagram-flow.ts';
import { Link, type LinkRole } from '../link/link.ts';
import { SeenIds } from '../link/seen-ids.ts';

/** How a refusal that the host threw goes over the wire. */
export function flowCodeOfError(error: unknown): FlowCode {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && Object.hasOwn(flowCodes, code) ? (code as FlowCode) : 'FLOW_UNREACHABLE';
}

const nothing = new Uint8Array();

/** The agent's end of one client's link. */
export class Association<G> implements AgentAssociation<G>, LinkRole {
  readonly id: string;
  readonly owner: string;
  readonly link: Link;
  readonly #ports: LinkPorts;
  readonly #host: AgentHost<G>;
  readonly #forget: () => void;
  readonly #seen = new SeenIds();
  readonly #flows = new Map<number, DatagramFlow>();
  #admission: Admission<G>;
  #questions = 0;
  #questionBytes = 0;
  #renewing = false;
  #expiry: TimerHandle | undefined;
  #lonely: TimerHandle | undefined;

  constructor(id: string, ports: LinkPorts, host: AgentHost<G>, admission: Admission<G>, forget: () => void) {
    this.id = id;
    this.owner = admission.owner;
    this.#ports = ports;
    this.#host = host;
    this.#forget = forget;
    this.#admission = admission;
    this.link = new Link(ports, this);
    this.admit(admission);
  }

  get grant(): G {
    return this.#admission.grant;
  }
  get expiresAt(): number {
    return this.#admission.expiresAt;
  }
  get streams(): number {
    return this.link.streams.size + this.#flows.size;
  }
  get carriers(): number {
    return this.link.carriers.length;
  }
  get heldBytes(): number {
    return this.link.heldBytes + this.#questionBytes;
  }
  get streamsMax(): number {
    return Math.min(streamsMax, this.#admission.streamsMax ?? streamsMax);
  }
  get tokenEndsInMs(): number {
    return Math.max(0, Math.floor(this.#admission.expiresAt - this.#ports.effects.clock.now()));
  }

  /** A token was found good: on a new carrier, or renewed. The one that lasts longest counts. */
  admit(admission: Admission<G>): void {
    if (admission.expiresAt >= this.#admission.expiresAt) this.#admission = admission;
    const { clock, timers } = this.#ports.effects;
    if (this.#expiry) timers.cancel(this.#expiry);
    const endsIn = this.#admission.expiresAt - clock.now() + graceAfterTokenMs;
    this.#expiry = timers.after(Math.max(0, endsIn), () => this.end('AGENT_TOKEN_EXPIRED'));
  }

  /** A carrier joined. */
  joined(): void {
    if (this.#lonely) this.#ports.effects.timers.cancel(this.#lonely);
    this.#lonely = undefined;
  }

  end(code: EndCode): void {
    if (this.link.over) return;
    const { timers } = this.#ports.effects;
    if (this.#expiry) timers.cancel(this.#expiry);
    if (this.#lonely) timers.cancel(this.#lonely);
    this.#forget();
    this.link.end('REACH_ENDED', frame(frameTypes.goodbye, 0, Uint8Array.of(endCodes[code])));
    for (const flow of [...this.#flows.values()]) flow.ended('REACH_ENDED');
    this.#host.ended?.(this, code);
  }

  sendPacket(packet: Uint8Array): void {
    this.link.sendDatagram(frameTypes.packet, 0, packet);
  }

  violated(): void {
    this.end('AGENT_PROTOCOL_VIOLATED');
  }

  /** The carrier that began it was gone before it was admitted. */
  leftAlone(): void {
    this.carrierGone();
  }

  heard(): void {
    // A client's streams are known from their opening on.
  }

  carrierGone(): void {
    if (this.link.over || this.link.carriers.length > 0 || this.#lonely) return;
    this.#lonely = this.#ports.effects.timers.after(keptWithoutCarrierMs, () => this.end('REACH_ENDED'));
  }

  frame(type: number, id: number, body: Uint8Array): boolean {
    switch (type) {
      case frameTypes.open:
        this.#open(id, body);
        return true;
      case frameTypes.reset:
        // A client may change its mind before its opening was sent; the id is used all the same.
        this.#seen.take(id);
        this.#flows.get(id)?.ended('FLOW_RESET');
        return true;
      case frameTypes.datagram:
        this.#flows.get(id)?.events?.datagram(body);
        return true;
      case frameTypes.echo:
        this.#echo(id, body);
        return true;
      case frameTypes.question:
        this.#question(id, body);
        return true;
      case frameTypes.packet:
        this.#host.packet?.(body, this);
        return true;
      case frameTypes.renew:
        void this.#renew(body);
        return true;
      case frameTypes.goodbye:
        this.end('REACH_ENDED');
        return true;
    }
    return false;
  }

  #open(id: number, body: Uint8Array): void {
    const { kind, to } = readOpen(body);
    if (!this.#seen.take(id)) return;
    if (this.streams >= this.streamsMax) return this.#refuse(id, 'FLOW_LIMITED');
    try {
      if (kind === 'udp') this.#openUdp(id, to);
      else this.#openTcp(id, to);
    } catch (error) {
      this.#refuse(id, flowCodeOfError(error));
    }
  }

  #openTcp(id: number, to: { host: string; port: number }): void {
    const stream = this.link.addStream(id, true);
    try {
      stream.events = this.#host.openTcp(to, this, stream);
    } catch (error) {
      stream.reset(flowCodeOfError(error));
    }
  }

  #openUdp(id: number, to: { host: string; port: number }): void {
    if (!this.#host.openUdp) return this.#refuse(id, 'FLOW_NOT_GRANTED');
    const flow = new DatagramFlow(id, this.link, () => this.#flows.delete(id));
    this.#flows.set(id, flow);
    try {
      flow.events = this.#host.openUdp(to, this, flow);
    } catch (error) {
      flow.close(flowCodeOfError(error));
    }
  }

  #refuse(id: number, code: FlowCode): void {
    this.link.send(frameTypes.reset, id, Uint8Array.of(flowCodes[code]));
  }

  #echo(id: number, body: Uint8Array): void {
    const { host, payload } = readEcho(body);
    this.#ask(
      payload.length,
      () => this.#host.echo?.(host, payload, this) ?? Promise.reject(new NotOffered()),
      (answer) => this.link.send(frameTypes.echoReply, id, echoReply(0, answer), false),
      (code) => this.link.send(frameTypes.echoReply, id, echoReply(flowCodes[code], nothing), false),
    );
  }

  #question(id: number, body: Uint8Array): void {
    const { name, type } = readQuestion(body);
    const refused = (code: FlowCode) =>
      answerBody({
        code: code === 'FLOW_NOT_GRANTED' ? 'REFUSED' : 'SERVFAIL',
        addresses: [],
        ttlSeconds: 0,
      });
    this.#ask(
      name.length,
      () => this.#host.resolve?.(name, type, this) ?? Promise.reject(new NotOffered()),
      (answer) => this.link.send(frameTypes.answer, id, answerBody(answer)),
      (code) => this.link.send(frameTypes.answer, id, refused(code)),
    );
  }

  /** Asks the host, for so many at once as are bearable. */
  #ask<T>(
    bytes: number,
    ask: () => Promise<T>,
    answered: (answer: T) => void,
    failed: (code: FlowCode) => void,
  ): void {
    if (this.#questions >= questionsMax) return failed('FLOW_LIMITED');
    this.#questions++;
    this.#questionBytes += bytes + pieceOverheadBytes;
    void new Promise<T>((resolve) => resolve(ask()))
      .then(answered, (error: unknown) => failed(flowCodeOfError(error)))
      .finally(() => {
        this.#questions--;
        this.#questionBytes -= bytes + pieceOverheadBytes;
      });
  }

  async #renew(body: Uint8Array): Promise<void> {
    if (body.length > tokenBytesMax) return this.violated();
    // One at a time: a client that shows tokens without end keeps nobody busy.
    if (this.#renewing) return;
    this.#renewing = true;
    try {
      const admission = await this.#host.renew(textOf(body), this);
      if (this.link.over) return;
      this.admit(admission);
      this.link.send(frameTypes.renewed, 0, uint48(this.tokenEndsInMs));
    } catch {
      this.end('AGENT_TOKEN_REFUSED');
    } finally {
      this.#renewing = false;
    }
  }
}

function echoReply(code: number, payload: Uint8Array): Uint8Array {
  const body = new Uint8Array(1 + payload.length);
  body[0] = code;
  body.set(payload, 1);
  return body;
}

/** The agent does not do this. */
class NotOffered extends Error {
  readonly code = 'FLOW_NOT_GRANTED';
}
