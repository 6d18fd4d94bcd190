import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { hear } from '@sallyport/effects/memory';
import { gather, type CarrierInput, type CarrierSink } from '@sallyport/agent-protocol';
import { partsAfter, writeNow } from '@sallyport/tunnel/write-now';

/** What was sent before the end has so long to be taken by the peer. */
const lastWordsMs = 2_000;

/** Joins a stream of bytes with the protocol: what `accept` returns hears what arrives; undefined means that it was not wanted. `heard` counts; `gone` is told when the stream is closed. */
export function joinCarrier(
  carrier: Duplex,
  accept: (sink: CarrierSink) => CarrierInput | undefined,
  gone: () => void,
  heard?: (bytes: number) => void,
): void {
  let over = false;
  let input: CarrierInput | undefined = undefined;
  const sink: CarrierSink = {
    send(parts) {
      if (carrier.destroyed || carrier.writableEnded) return;
      const gathered = gather(partsAfter(parts, writeNow(carrier, parts)));
      if (gathered.length === 0) return;
      if (gathered.length === 1) return void carrier.write(gathered[0]!);
      carrier.cork();
      for (const part of gathered) carrier.write(part);
      carrier.uncork();
    },
    get backlog() {
      return carrier.writableLength;
    },
    get unwritten() {
      // The kernel has a copy of what it took; what other streams do with it is their business.
      return carrier instanceof Socket ? carrier.writableLength : undefined;
    },
    close() {
      if (over) return;
      over = true;
      // What was sent still leaves; a peer that does not take it within a moment loses it with the connection.
      carrier.end(() => carrier.destroy());
      const late = AbortSignal.timeout(lastWordsMs);
      late.onabort = () => carrier.destroy();
      carrier.once('close', () => (late.onabort = null));
      carrier.resume();
    },
  };
  carrier.on('error', () => undefined);
  carrier.on('drain', () => {
    if (!over) input?.drained();
  });
  carrier.on('close', () => {
    const heardOf = over;
    over = true;
    if (!heardOf) input?.lost();
    gone();
  });
  carrier.on('end', () => carrier.destroy());
  input = accept(sink);
  if (input === undefined) {
    over = true;
    return;
  }
  const hearing = input;
  hear(carrier, (bytes) => {
    if (over) return;
    const { length } = bytes;
    hearing.receive(bytes);
    heard?.(length);
  });
}
