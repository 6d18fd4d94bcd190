import {
  flowCodes,
  limits,
  type DatagramEvents,
  type FlowCode,
  type MuxDatagrams,
  type Pacer,
} from '@sallyport/agent-protocol';
import type { Timers, TimerHandle } from '@sallyport/effects';
import type { DatagramFlow } from '@sallyport/tunnel';
import { datagramsHeldMax, udpIdleMs } from '../limits.ts';
import type { HeldBytes } from './held.ts';
import type { FlowEnd } from '../records/flow-record.ts';
import type { Trace } from './trace.ts';

export interface UdpContext {
  readonly trace: Trace;
  readonly timers: Timers;
  readonly pace: { readonly up?: Pacer; readonly down?: Pacer };
  whyLinkEnded(): FlowEnd;
  codeOf(cause: unknown): FlowCode;
  endOf(code: FlowCode): FlowEnd;
  /** So many bytes came, of which some may have to be held. */
  readonly moved: (bytes: number) => void;
}

/** Opens the far side of a UDP conversation once its destination is judged. */
export type OpenUdp = (
  received: (datagram: Uint8Array) => void,
  ended: (code: string) => void,
) => Promise<DatagramFlow>;

/**
 * Joins a UDP conversation of the link with a socket. It ends when either side closes, when the destination answers that nobody listens, or
 * when nothing went either way for two minutes. A client above its speed loses datagrams, as on any full line.
 */
export function carryUdp(
  flow: MuxDatagrams,
  open: OpenUdp,
  context: UdpContext,
): {
  events: DatagramEvents;
  readonly break: (code: FlowCode, end: FlowEnd) => void;
  readonly held: HeldBytes;
} {
  const { trace, timers, pace } = context;
  let far: DatagramFlow | undefined;
  let over = false;
  let idle: TimerHandle | undefined;
  const held: Uint8Array[] = [];

  const stop = (end: FlowEnd, code: FlowCode | null) => {
    if (over) return;
    over = true;
    held.length = 0;
    if (idle !== undefined) timers.cancel(idle);
    far?.close();
    trace.finish(end, code);
  };
  const active = () => {
    if (idle !== undefined) timers.cancel(idle);
    idle = timers.after(udpIdleMs, () => {
      flow.close();
      stop('client', null);
    });
  };
  const received = (datagram: Uint8Array) => {
    if (over || pace.down?.admits(datagram.length) === false) return;
    trace.bytesDown += datagram.length;
    active();
    flow.send(datagram);
    context.moved(datagram.length + limits.pieceOverheadBytes);
  };
  const farEnded = (text: string) => {
    const code = Object.hasOwn(flowCodes, text) ? (text as FlowCode) : 'FLOW_UNREACHABLE';
    if (!over) flow.close(code);
    stop('far', code);
  };

  active();
  open(received, farEnded).then(
    (opened) => {
      far = opened;
      if (over) return opened.close();
      if (held.length > 0) trace.stood = true;
      for (const datagram of held.splice(0)) opened.send(datagram);
    },
    (cause: unknown) => {
      const code = context.codeOf(cause);
      if (!over) flow.close(code);
      stop(context.endOf(code), code);
    },
  );

  return {
    break(code, end) {
      if (!over) flow.close(code);
      stop(end, code);
    },
    held: () => ({
      near: 0,
      far: held.reduce((sum, { length }) => sum + length + limits.pieceOverheadBytes, 0),
    }),
    events: {
      datagram(bytes) {
        if (over || pace.up?.admits(bytes.length) === false) return;
        trace.bytesUp += bytes.length;
        active();
        if (far !== undefined) {
          trace.stood = true;
          far.send(bytes);
        } else if (held.length < datagramsHeldMax) held.push(bytes);
      },
      ended(code) {
        stop(code === 'REACH_ENDED' ? context.whyLinkEnded() : 'client', null);
      },
    },
  };
}
