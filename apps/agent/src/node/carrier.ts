import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { hear } from '@sallyport/effects/memory';
import { gather, type CarrierInput, type CarrierSink } from '@sallyport/agent-protocol';
import { partsAfter, writeNow } from '@sallyport/tunnel/write-now';

/** Joins a stream of bytes with the protocol: what `accept` returns hears what arrives; undefined means that it was not wanted. */
export function joinCarrier(
  carrier: Duplex,
  accept: (sink: CarrierSink) => CarrierInput | undefined,
  gone: () => void,
): void {
  let over = false;
  const finish = () => {
    if (over) return;
    over = true;
    gone();
  };
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
      finish();
      // What was sent still leaves; a peer that does not take it within a moment loses it with the connection.
      carrier.end(() => carrier.destroy());
      carrier.resume();
    },
  };
  carrier.on('error', () => undefined);
  carrier.on('drain', () => {
    if (!over) input?.drained();
  });
  carrier.on('close', () => {
    if (!over) input?.lost();
    finish();
  });
  carrier.on('end', () => carrier.destroy());
  input = accept(sink);
  if (input === undefined) return finish();
  const hearing = input;
  hear(carrier, (bytes) => {
    if (!over) hearing.receive(bytes);
  });
}
