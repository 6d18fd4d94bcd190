import type { Duplex } from 'node:stream';
import { giveBack, hear } from '@sallyport/effects/memory';
import type { EndCalls, TcpEnds } from '../edge/tcp-ends.ts';
import type { PacketView } from '../packet/packet-view.ts';
import type { TcpEndpoint } from '../tcp/endpoint.ts';
import { isLinkEnd, type Joined } from './joined.ts';

/** Shorter payloads are copied: they would keep the memory of a whole packet. */
const bulkyBytes = 4_096;

/** The connection that a SYN begins, and where it ends. */
export interface BegunConnection {
  readonly ends: TcpEnds;
  readonly slot: number;
  readonly syn: PacketView;
}

/**
 * Joins a stream of the reach and the far side of a program's connection, which is made here: bytes with back-pressure both ways, a half-close as a
 * half-close, a reset as a reset. `over` is called once, when both are gone.
 */
export function joinedEnd(stream: Duplex, { ends, slot, syn }: BegunConnection, over: () => void): Joined {
  const passed = { bytesUp: 0, bytesDown: 0 };
  const link = isLinkEnd(stream) ? stream : undefined;
  let left = 2;
  const gone = () => {
    left -= 1;
    if (left === 0) over();
  };
  const say = (payload: Uint8Array) => {
    if (link === undefined) return stream.write(Buffer.from(payload));
    if (payload.length < bulkyBytes) return link.say(Uint8Array.from(payload));
    return link.say(ends.keep(payload));
  };
  const calls: EndCalls = {
    data: (payload) => {
      passed.bytesUp += payload.length;
      // Nobody hears it any more: said as any kernel says it, once the program has all that was meant for it.
      if (stream.destroyed) return endpoint.queued === 0 ? endpoint.reset() : undefined;
      if (!stream.writableEnded && !say(payload)) endpoint.pause();
    },
    end: () => void stream.end(),
    drain: () => void stream.resume(),
    over: (how) => {
      if (how === 'reset') stream.destroy();
      gone();
    },
    release: giveBack,
  };
  const endpoint: TcpEndpoint = ends.begin(slot, syn, calls);
  const take = (piece: Uint8Array) => {
    passed.bytesDown += piece.length;
    if (!endpoint.write(piece)) stream.pause();
  };
  stream.on('drain', () => {
    endpoint.resume();
    endpoint.acknowledge();
  });
  stream.on('error', () => endpoint.reset());
  stream.on('end', () => endpoint.finish());
  stream.on('close', () => {
    if (!stream.readableEnded) endpoint.reset();
    gone();
  });
  if (link === undefined) hear(stream, take);
  else {
    stream.on('data', take);
    link.heard = take;
  }
  stream.resume();
  return {
    get bytesUp() {
      return passed.bytesUp;
    },
    get bytesDown() {
      return passed.bytesDown;
    },
    reset: () => {
      endpoint.reset();
      stream.destroy();
    },
  };
}
