import type { Effects } from '@sallyport/effects';
import type { ControlPlane } from '../ports.ts';
import type { FlowRecord } from './flow-record.ts';
import { Problem } from '@sallyport/problems';
import type { RecordBuffer } from './record-buffer.ts';

/** Records leave together after so long, so that a busy gateway sends pages and a quiet one is not late. */
const everyMs = 5_000;
const pauseMs = { first: 1_000, most: 60_000 };

/**
 * Carries records from the buffer to the control plane until `signal` aborts: at least once, in pages, and again after a pause when it cannot
 * be reached.
 */
export async function carryRecords(
  buffer: Pick<RecordBuffer, 'next'>,
  controlPlane: ControlPlane,
  { timers, log }: Pick<Effects, 'timers' | 'log'>,
  signal: AbortSignal,
): Promise<void> {
  const send = async (records: readonly FlowRecord[], until: AbortSignal) => {
    try {
      await controlPlane.takeFlows(records, until);
    } catch (cause) {
      if (!isUnreadable(cause)) throw cause;
      // A page that the control plane cannot read would stand before all others for ever.
      log.write('error', 'the control plane cannot read a page of flow records', { records: records.length });
    }
  };
  let pause = pauseMs.first;
  while (!signal.aborted) {
    try {
      await timers.wait(everyMs, signal);
      for (let page = buffer.next(); page !== undefined; page = buffer.next()) {
        if (page.records.length > 0) await send(page.records, signal);
        page.sent();
      }
      pause = pauseMs.first;
    } catch (cause) {
      if (signal.aborted) return;
      log.write('warn', 'flow records wait: the control plane did not take them', { reason: String(cause) });
      await timers.wait(pause, signal).catch(() => undefined);
      pause = Math.min(pause * 2, pauseMs.most);
    }
  }
}

function isUnreadable(cause: unknown): boolean {
  return cause instanceof Problem && [400, 413, 422].includes(Number(cause.occurrence.extensions?.answered));
}
