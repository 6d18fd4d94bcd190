import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  limits,
  type FlowCode,
  type MuxStream,
  type Pacer,
  type StreamEvents,
} from '@sallyport/agent-protocol';
import type { Timers } from '@sallyport/effects';
import { giveBack, hear } from '@sallyport/effects/memory';
import { boundUnreadBytes } from '@sallyport/tunnel/unread-bytes';
import { partsAfter, writeNow } from '@sallyport/tunnel/write-now';
import { Held, type HeldBytes } from './held.ts';
import type { FlowEnd } from '../records/flow-record.ts';
import type { Trace } from './trace.ts';

/** What a TCP conversation needs beside its two ends. */
export interface TcpContext {
  readonly trace: Trace;
  readonly timers: Timers;
  /** The client's speed, where the token bounds it. */
  readonly pace: { readonly up?: Pacer; readonly down?: Pacer };
  /** How a broken link is recorded: the client left, or its time was over. */
  whyLinkEnded(): FlowEnd;
  /** The code of a failure to dial. */
  codeOf(cause: unknown): FlowCode;
  /** The end of a failure to dial: refused, or over a limit. */
  endOf(code: FlowCode): FlowEnd;
  /** So many bytes came, of which some may have to be held. */
  readonly moved: (bytes: number) => void;
}

/** A conversation that is carried: what its stream says, how it is broken, and what it holds in memory, on the link and beyond it. */
export interface CarriedTcp {
  readonly events: StreamEvents;
  readonly break: (code: FlowCode, end: FlowEnd) => void;
  readonly held: HeldBytes;
}

/** While so much waits before the destination, small pieces are held until there are as many, so that few objects wait. */
const lotBytes = 16 * 1024;
/** A destination that has brought so much brings more, most often. */
const bulkBytes = 256 * 1024;

/**
 * Joins a stream of the link with a TCP connection that is still being dialled. What the client sends early is held (its first window bounds
 * that) and goes out once the destination has accepted, which is told to the client then and not before. Back-pressure, half-closes and
 * resets go through in both directions. `break` ends both at once.
 */
export function carryTcp(
  stream: MuxStream & { accept(): void; readonly heldBytes: number },
  dialling: Promise<Duplex>,
  context: TcpContext,
): CarriedTcp {
  const { trace } = context;
  let far: Duplex | undefined;
  let over = false;
  let ended = false;
  const held = new Held();
  let leaves = false;
  const room = { full: false };

  const breakOff = () => {
    over = true;
    held.drop();
    if (far !== undefined) resetStream(far);
  };
  // What arrives in one turn leaves together: one call into the system, not one for each piece.
  const leave = () => {
    const to = far;
    leaves = false;
    const { bytes } = held;
    if (to === undefined || over || bytes === 0) return;
    if (bytes < lotBytes && to.writableLength > 0 && !ended) return;
    const pieces = held.take();
    const left = (error?: Error | null) => {
      if (error) return;
      // The kernel has copies of all of them.
      if (to instanceof Socket) for (const piece of pieces) giveBack(piece);
      if (over) return;
      leave();
      const wait = context.pace.up?.take(bytes) ?? 0;
      if (wait === 0) stream.consumed(bytes);
      else context.timers.after(wait, () => stream.consumed(bytes));
    };
    const rest = partsAfter(pieces, writeNow(to, pieces));
    if (rest.length === 0) return left();
    held.waits(pieces);
    const passed = (error?: Error | null) => {
      held.passed();
      left(error);
    };
    to.cork();
    rest.forEach((piece, index) => to.write(piece, index === rest.length - 1 ? passed : undefined));
    to.uncork();
  };

  dialling.then(
    (dialled) => {
      far = dialled;
      if (over) {
        resetStream(dialled);
        return;
      }
      trace.stood = true;
      // The client hears first that it is there.
      stream.accept();
      leave();
      listen(dialled, stream, context, room, () => (over = true));
      if (ended) dialled.end();
    },
    (cause: unknown) => {
      if (over) return;
      breakOff();
      const code = context.codeOf(cause);
      stream.reset(code);
      trace.finish(context.endOf(code), code);
    },
  );

  return {
    break(code, end) {
      if (over) return;
      breakOff();
      stream.reset(code);
      trace.finish(end, code);
    },
    held: (seen) => ({ near: stream.heldBytes, far: held.heldBytes(seen ?? new Set()) }),
    events: {
      data(bytes) {
        if (over) return;
        trace.bytesUp += bytes.length;
        held.add(bytes);
        if (far === undefined || leaves) return;
        leaves = true;
        process.nextTick(leave);
      },
      end() {
        ended = true;
        if (over) return;
        leave();
        const to = far;
        // Behind whatever else has come in this turn: others wait for their dials.
        if (to !== undefined)
          setImmediate(() => {
            if (!to.destroyed) to.end();
          });
      },
      reset(code) {
        if (over) return;
        breakOff();
        trace.finish(code === 'REACH_ENDED' ? context.whyLinkEnded() : 'client', code);
      },
      writable() {
        room.full = false;
        if (!over && far?.isPaused() === true && !isHeldBack(far)) far.resume();
      },
    },
  };
}

/** Connections that wait for their turn by speed, which room in the link must not wake. */
const heldBack = new WeakSet<Duplex>();
const isHeldBack = (far: Duplex) => heldBack.has(far);

function listen(
  far: Duplex,
  stream: MuxStream,
  { trace, pace, timers, moved }: TcpContext,
  room: { full: boolean },
  nowOver: () => void,
): void {
  let farFirst = false;
  // The link sends behind what was read just now: only what it keeps then is a reason not to read on, and stopping and starting costs more than a read.
  const pauseIfFull = () => {
    if (room.full && !far.destroyed) far.pause();
  };
  hear(far, (bytes) => {
    if (trace.bytesDown < bulkBytes && trace.bytesDown + bytes.length >= bulkBytes)
      void boundUnreadBytes(far);
    trace.bytesDown += bytes.length;
    if (!stream.write(bytes)) {
      room.full = true;
      process.nextTick(pauseIfFull);
    }
    moved(bytes.length + limits.pieceOverheadBytes);
    const wait = pace.down?.take(bytes.length) ?? 0;
    if (wait === 0) return;
    far.pause();
    heldBack.add(far);
    timers.after(wait, () => {
      heldBack.delete(far);
      // When the link is full as well, its `writable` may have come meanwhile: reading on costs at most one more chunk.
      if (!far.destroyed) far.resume();
    });
  });
  far.on('end', () => {
    if (!far.writableEnded) farFirst = true;
    stream.end();
  });
  far.on('error', () => {
    if (trace.finished) return;
    nowOver();
    stream.reset('FLOW_RESET');
    trace.finish('error', 'FLOW_RESET');
  });
  far.on('close', () => {
    if (trace.finished) return;
    nowOver();
    // Closed without an end of its own: nothing more can come, and the client must not wait for it.
    if (!far.readableEnded) stream.reset('FLOW_RESET');
    trace.finish(farFirst ? 'far' : 'client');
  });
}

/** Breaks a connection so that the other end sees a reset and no orderly end, where the stream knows how. */
function resetStream(far: Duplex): void {
  if ('resetAndDestroy' in far && typeof far.resetAndDestroy === 'function')
    (far as Duplex & { resetAndDestroy(): void }).resetAndDestroy();
  else far.destroy();
}
