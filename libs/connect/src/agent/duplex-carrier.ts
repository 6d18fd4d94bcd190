import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { hear } from '@sallyport/effects/memory';
import { gather, type CarrierInput, type CarrierSink } from '@sallyport/agent-protocol';
import { partsAfter, writeNow } from '@sallyport/tunnel/write-now';

/**
 * Makes a stream of bytes (a TCP connection, or the near end of one that a tunnel carries) a carrier of a link. `join` is given the sink and
 * returns what takes the bytes; undefined when the carrier is not wanted.
 */
export function carryOver(stream: Duplex, join: (sink: CarrierSink) => CarrierInput | undefined): void {
  let heard = false;
  const sink: CarrierSink = {
    send: (parts) => {
      if (stream.destroyed || stream.writableEnded) return;
      const gathered = gather(partsAfter(parts, writeNow(stream, parts)));
      if (gathered.length === 0) return;
      if (gathered.length === 1) return void stream.write(gathered[0]!);
      stream.cork();
      for (const part of gathered) stream.write(part);
      stream.uncork();
    },
    get backlog() {
      return stream.writableLength;
    },
    get unwritten() {
      // The kernel has a copy of what it took; what other streams do with it is their business.
      return stream instanceof Socket ? stream.writableLength : undefined;
    },
    close: () => {
      if (stream.destroyed) return;
      // Nobody is at the other end, or it still waits for a session: it must not get one for a carrier that is given up.
      if (!heard) return void stream.destroy();
      // The last words still go out where the other side reads.
      stream.end(() => stream.destroy());
    },
  };
  const input = join(sink);
  // A carrier's failure is its end, whatever the error says.
  stream.on('error', () => input?.lost());
  if (!input) return void stream.destroy();
  hear(stream, (bytes) => {
    heard = true;
    input.receive(bytes);
  });
  stream.on('drain', () => input.drained());
  stream.on('end', () => input.lost());
  stream.on('close', () => input.lost());
}
