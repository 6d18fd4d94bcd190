import type { LinkPorts, CarrierInput, CarrierSink } from '../contract.ts';
import { FrameReader } from '../frame/reader.ts';
import { Carrier } from '../link/carrier.ts';
import type { Link } from '../link/link.ts';
import { violation } from '../violation.ts';

/** What a role does with a carrier that is not admitted yet. */
export interface Newcomer {
  /** A frame of the handshake; throws when it is none that may come now. */
  frame(type: number, body: Uint8Array): void;
  /** Its end, with the problem that was the reason if there was one; told once. `admitted` as it was. */
  ended(problem: unknown, admitted: boolean): void;
}

/** One carrier from its first byte on: cuts frames, hands them to the handshake and then to the link, and ends at the first violation. */
export class CarrierEnd implements CarrierInput {
  readonly sink: CarrierSink;
  readonly #ports: LinkPorts;
  readonly #newcomer: Newcomer;
  readonly #reader: FrameReader;
  #joined: { readonly link: Link; readonly carrier: Carrier } | undefined;
  #over = false;

  constructor(ports: LinkPorts, sink: CarrierSink, newcomer: (end: CarrierEnd) => Newcomer) {
    this.#ports = ports;
    this.sink = sink;
    this.#newcomer = newcomer(this);
    this.#reader = new FrameReader({
      frame: (type, id, body) => {
        if (!this.#joined) return this.#newcomer.frame(type, body);
        this.#joined.link.frame(this.#joined.carrier, type, id, body);
      },
      data: (id, offset, bytes) => {
        if (!this.#joined) throw violation('data before the handshake');
        this.#joined.link.data(this.#joined.carrier, id, offset, bytes);
      },
    });
  }

  get over(): boolean {
    return this.#over;
  }
  /** The link that it joined. */
  get link(): Link | undefined {
    return this.#joined?.link;
  }

  /** The peer is admitted: from the next byte on the carrier is the link's. */
  join(link: Link): void {
    const carrier = new Carrier(
      this.sink,
      () => this.end(),
      link.bare,
      this.#ports.effects.clock.monotonic(),
    );
    this.#joined = { link, carrier };
    this.#reader.admit();
    link.addCarrier(carrier);
  }

  receive(bytes: Uint8Array): void {
    if (this.#over) return;
    try {
      this.#reader.push(bytes);
      if (!this.#joined || this.#over) return;
      const { link, carrier } = this.#joined;
      carrier.read(this.#reader.takeRead(), this.#ports.effects.clock.monotonic());
      link.readFrom(carrier);
    } catch (error) {
      this.end(error);
    }
  }

  drained(): void {
    if (!this.#joined) return;
    const { link, carrier } = this.#joined;
    link.readFrom(carrier);
    link.pump();
  }

  lost(): void {
    this.end();
  }

  /** Closes the carrier; a link goes on with what other carriers it has. */
  end(problem?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#reader.stop();
    this.sink.close();
    const joined = this.#joined;
    this.#newcomer.ended(problem, joined !== undefined);
    joined?.link.loseCarrier(joined.carrier);
  }
}
