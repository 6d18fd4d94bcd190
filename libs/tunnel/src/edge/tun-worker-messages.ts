import type { MessagePort } from 'node:worker_threads';
import type { Unreachable } from '../packet/answers.ts';
import type { FilterSettings } from '../filter/filter.ts';
import type { Framing } from '../router/contract.ts';
import { dropReasons } from '../filter/verdict.ts';

/** What the thread is started with. */
export interface TunWorkerData {
  readonly fd: number;
  readonly framing: Framing;
  readonly filter: FilterSettings;
  /** Local ports of the listeners by family, in the order of their numbers. */
  readonly listenPorts: { readonly 4: readonly number[]; readonly 6: readonly number[] };
  readonly flowsMax: number;
  readonly heldMax: number;
  /** Flags (Int32) and counters (Float64), see {@link sharedMemory}. */
  readonly shared: SharedArrayBuffer;
  readonly port: MessagePort;
}

/** From the router to the thread. Slots with the generation that they had. */
export type ToTunWorker =
  /** The far side has accepted, and the router lets the SYN through itself: what follows passes. */
  | readonly ['admitted', slot: number, generation: number]
  /** The far side has refused: answer the SYN by a reset. */
  | readonly ['reset', slot: number, generation: number]
  | readonly ['unreachable', slot: number, generation: number, why: Unreachable]
  /** As though the SYN had never come: the program's own retransmission tries again. */
  | readonly ['forget', slot: number, generation: number]
  /** The stream behind the connection is gone. */
  | readonly ['release', slot: number, generation: number]
  | readonly ['filter', FilterSettings]
  | readonly ['stop'];

/** From the thread to the router. */
export type FromTunWorker =
  /** It reads; `wake` is the descriptor to which one byte is written to wake it. */
  | { readonly kind: 'reading'; readonly wake: number; readonly woken: number }
  /** Packets for the router: six numbers each in `heads` (verdict, network, slot, generation, listener's port, length), one after the other in `bytes`. */
  | { readonly kind: 'packets'; readonly heads: readonly number[]; readonly bytes: Uint8Array }
  /** Connections that the filter no longer covers. */
  | { readonly kind: 'removed'; readonly slots: readonly (readonly [slot: number, generation: number])[] }
  | { readonly kind: 'ended'; readonly reason: string };

export const numbersPerHead = 6;

/** Flags: messages not yet taken, whether the thread waits in poll, and bytes that the router has not yet handled. */
export const flag = { messages: 0, waiting: 1, behind: 2 } as const;
const flagCount = 4;

/** Counters of the thread, which alone writes them. Drops by reason follow. */
export const counter = { packets: 0, written: 1, writeErrors: 2, open: 3, held: 4, drops: 5 } as const;
const counterCount = counter.drops + dropReasons.length;

/** The memory that router and thread share. */
export function sharedMemory(): SharedArrayBuffer {
  return new SharedArrayBuffer(flagCount * 4 + counterCount * 8);
}

export function flagsOf(shared: SharedArrayBuffer): Int32Array<SharedArrayBuffer> {
  return new Int32Array(shared, 0, flagCount);
}

export function countersOf(shared: SharedArrayBuffer): Float64Array<SharedArrayBuffer> {
  return new Float64Array(shared, flagCount * 4, counterCount);
}

/** Bytes before each packet. */
export const framingLength: Readonly<Record<Framing, number>> = { plain: 0, vnet: 10, utun: 4 };

/** Writes what stands before a packet that this program made. */
export function writeFraming(framing: Framing, bytes: Uint8Array, family: number): void {
  bytes.fill(0, 0, framingLength[framing]);
  if (framing === 'utun') bytes[3] = family === 4 ? 2 : 30;
}
