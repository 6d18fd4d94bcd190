import { flowCodes, type FlowCode } from '../codes.ts';
import type { DatagramEvents, MuxDatagrams } from '../contract.ts';
import { frameTypes } from '../frame/frame-type.ts';
import { datagramBytesMax } from '../limits.ts';
import type { Link } from './link.ts';

/** One UDP conversation at one end of a link. Its datagrams may be lost, like all datagrams; its end is not. */
export class DatagramFlow implements MuxDatagrams {
  readonly id: number;
  readonly #link: Link;
  readonly #gone: () => void;
  events: DatagramEvents | undefined;
  #over = false;

  constructor(id: number, link: Link, gone: () => void) {
    this.id = id;
    this.#link = link;
    this.#gone = gone;
  }

  send(datagram: Uint8Array): void {
    if (this.#over || datagram.length > datagramBytesMax) return;
    this.#link.sendDatagram(frameTypes.datagram, this.id, datagram);
  }

  close(code: FlowCode = 'FLOW_RESET'): void {
    if (this.#over) return;
    this.#end();
    this.#link.send(frameTypes.reset, this.id, Uint8Array.of(flowCodes[code]));
  }

  /** Ended by the peer, or with the link. */
  ended(code: FlowCode): void {
    if (this.#over) return;
    this.#end();
    this.events?.ended(code);
  }

  #end(): void {
    this.#over = true;
    this.#gone();
  }
}
