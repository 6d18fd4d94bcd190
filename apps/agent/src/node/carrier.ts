import type { Duplex } from 'node:stream';
import type { CarrierInput, CarrierSink } from '@sallyport/agent-protocol';

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
      carrier.cork();
      for (const part of parts) carrier.write(part);
      carrier.uncork();
    },
    get backlog() {
      return carrier.writableLength;
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
  carrier.on('data', (bytes: Uint8Array) => {
    if (!over) hearing.receive(bytes);
  });
}
