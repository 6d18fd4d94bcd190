import type { Effects, TimerHandle } from '@sallyport/effects';
import { answerableBytes, echoReply, payloadOf, udpReply, unreachable } from '../packet/answers.ts';
import { addressText } from '../packet/address.ts';
import type { PacketView } from '../packet/packet-view.ts';
import { DatagramFlows, type Closable } from '../flow/datagram-flows.ts';
import type { Reach } from '../reach/reach.ts';
import { failureOf } from './failure.ts';

/** Datagram flows at once; the longest unused gives way. */
const flowsMax = 4_096;
const idleSeconds = 60;
const sweepMs = 10_000;
/** Echo requests that wait for their reply at once. */
const echoesMax = 256;
const echoMs = 10_000;

interface Flow extends Closable {
  readonly network: number;
  send(payload: Uint8Array): void;
}

export interface DatagramSideSettings {
  readonly effects: Effects;
  readonly debug: (message: string) => void;
  readonly reach: (network: number) => Reach | undefined;
  /** Sends a packet to the person's programs. */
  readonly send: (packet: Uint8Array) => void;
}

/** UDP and ICMP echo between packets and the reach. */
export class DatagramSide {
  readonly #settings: DatagramSideSettings;
  readonly #flows = new DatagramFlows<Flow>(flowsMax, idleSeconds);
  readonly #sweeping: TimerHandle;
  readonly #ending = new AbortController();
  #echoes = 0;
  bytesUp = 0;
  bytesDown = 0;
  /** Requests that were not even tried, because too many waited. */
  echoesRefused = 0;

  constructor(settings: DatagramSideSettings) {
    this.#settings = settings;
    this.#sweeping = settings.effects.timers.every(sweepMs, () => this.#flows.sweep(this.#now()));
  }

  get size(): number {
    return this.#flows.size;
  }

  #now(): number {
    return this.#settings.effects.clock.monotonic() / 1000;
  }

  /** A datagram of a program: sent on, in a flow of its own addresses and ports. */
  takeDatagram(view: PacketView, network: number): void {
    const address = addressText(view.destinationBytes());
    const key = `${addressText(view.sourceBytes())} ${view.sourcePort} ${address} ${view.destinationPort}`;
    const flow = this.#flows.use(key, this.#now()) ?? this.#openFlow(view, address, key, network);
    const payload = payloadOf(view);
    this.bytesUp += payload.length;
    flow?.send(payload);
  }

  #openFlow(view: PacketView, address: string, key: string, network: number): Flow | undefined {
    const reach = this.#settings.reach(network);
    if (reach?.openUdp === undefined) return undefined;
    // Answers are built from what was asked: a copy of its beginning outlives the batch that it came in, one for each flow.
    const asked = view.beginning(answerableBytes);
    let open = true;
    const received = (payload: Uint8Array) => {
      if (!open) return;
      this.bytesDown += payload.length;
      this.#flows.use(key, this.#now());
      this.#settings.send(udpReply(asked, payload));
    };
    const ended = (code: string) => {
      if (!open) return;
      this.#settings.debug(`datagrams to ${address}:${asked.destinationPort} ended: ${code}`);
      if (code === 'FLOW_REFUSED') this.#tell(unreachable(asked, 'port'));
      if (code === 'FLOW_UNREACHABLE') this.#tell(unreachable(asked, 'host'));
      if (code === 'FLOW_NOT_GRANTED') this.#tell(unreachable(asked, 'prohibited'));
      this.#flows.remove(key);
    };
    try {
      const far = reach.openUdp({ address, port: view.destinationPort }, received, ended);
      const flow: Flow = {
        network,
        send: (payload) => far.send(payload),
        close: () => {
          open = false;
          far.close();
        },
      };
      this.#flows.add(key, flow, this.#now());
      return flow;
    } catch (error) {
      const failure = failureOf(error);
      if (typeof failure === 'object') this.#tell(unreachable(asked, failure.unreachable));
      return undefined;
    }
  }

  /** An echo request: asked of the far side, answered with what came back. */
  async takeEcho(view: PacketView, network: number): Promise<void> {
    const reach = this.#settings.reach(network);
    if (reach?.echo === undefined) return;
    if (this.#echoes >= echoesMax) {
      this.echoesRefused += 1;
      return;
    }
    const { effects } = this.#settings;
    const abort = new AbortController();
    const late = effects.timers.after(echoMs, () => abort.abort());
    this.#echoes += 1;
    try {
      const signal = AbortSignal.any([abort.signal, this.#ending.signal]);
      const payload = await reach.echo(addressText(view.destinationBytes()), payloadOf(view), signal);
      if (!this.#ending.signal.aborted) this.#settings.send(echoReply(view, payload));
    } catch (error) {
      const failure = failureOf(error);
      // Silence is what a host that does not answer says.
      if (typeof failure === 'object' && !this.#ending.signal.aborted && !abort.signal.aborted)
        this.#tell(unreachable(view, failure.unreachable));
    } finally {
      effects.timers.cancel(late);
      this.#echoes -= 1;
    }
  }

  #tell(packet: Uint8Array | undefined): void {
    if (packet !== undefined) this.#settings.send(packet);
  }

  /** Closes the flows of which `which` is true. */
  end(which: (network: number) => boolean): void {
    this.#flows.clear(({ network }) => which(network));
  }

  close(): void {
    this.#ending.abort();
    this.#settings.effects.timers.cancel(this.#sweeping);
    this.#flows.clear();
  }
}
