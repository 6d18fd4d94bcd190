import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { noLog } from '@sallyport/effects';
import { SimulatedTime } from '@sallyport/effects/simulated';
import { Problem } from '@sallyport/problems';
import type { ControlPlane } from '../ports.ts';
import { carryRecords } from './courier.ts';
import type { FlowRecord } from './flow-record.ts';
import { RecordBuffer, recordsPerPage } from './record-buffer.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sallyport-records-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const record = (n: number): FlowRecord => ({
  flowId: `flw_${String(n)}`,
  grantId: 'grt_1',
  personId: 'prs_1',
  jti: 'tok_1',
  proto: 'tcp',
  source: null,
  destination: '10.0.0.5',
  port: 80,
  name: null,
  bytesUp: n,
  bytesDown: 0,
  startedAt: '2026-11-21T12:00:00.000Z',
  endedAt: '2026-11-21T12:00:01.000Z',
  end: 'client',
  code: null,
});
const fill = (buffer: RecordBuffer, from: number, to: number) => {
  for (let n = from; n < to; n += 1) buffer.add(record(n));
};
const ids = (page: { records: readonly FlowRecord[] } | undefined) =>
  page?.records.map(({ flowId }) => flowId);

it('keeps records of a killed agent, and leaves out the line that the kill cut short', () => {
  fill(new RecordBuffer(folder, 1e6), 0, 3); // never closed, as after a kill
  const [file = ''] = readdirSync(folder);
  appendFileSync(join(folder, file), '{"flowId":"flw_torn');
  expect(statSync(join(folder, file)).mode & 0o077).toBe(0);
  const next = new RecordBuffer(folder, 1e6);
  next.add(record(3));
  const first = next.next();
  expect(ids(first)).toEqual(['flw_0', 'flw_1', 'flw_2']);
  first?.sent();
  const second = next.next();
  expect(ids(second)).toEqual(['flw_3']);
  second?.sent();
  expect(next.next()).toBeUndefined();
  expect(next.waiting).toBe(false);
});

it('drops the oldest page above its bound, and counts what that cost', () => {
  let told = 0;
  const buffer = new RecordBuffer(folder, 80_000, (count) => (told += count));
  fill(buffer, 0, recordsPerPage * 5);
  expect(buffer.dropped).toBeGreaterThan(0);
  expect(buffer.dropped % recordsPerPage).toBe(0);
  expect(told).toBe(buffer.dropped);
  expect(ids(buffer.next())?.[0]).toBe(`flw_${String(buffer.dropped)}`);
  buffer.close();
  const used = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  expect(used).toBeLessThan(82_000);
  expect(new RecordBuffer(folder, 80_000).dropped).toBe(told);
});

it('loses a record, and counts it, when the disk cannot take it', () => {
  let told = 0;
  const buffer = new RecordBuffer(folder, 1e6, (count) => (told += count));
  rmSync(folder, { recursive: true });
  buffer.add(record(1));
  expect(told).toBe(1);
});

it('carries pages to the control plane in order, at least once, through its absences, and past a page it cannot read', async () => {
  const time = new SimulatedTime();
  const buffer = new RecordBuffer(folder, 1e7);
  fill(buffer, 0, recordsPerPage + 10);
  const answers = [
    new Problem('SERVER_UNREACHABLE'),
    new Problem('SERVER_UNREACHABLE', { extensions: { answered: 503 } }),
    undefined,
    new Problem('SERVER_UNREACHABLE', { extensions: { answered: 422 } }),
    undefined,
  ];
  const taken: number[] = [];
  const controlPlane: Pick<ControlPlane, 'takeFlows'> = {
    takeFlows: async (records) => {
      const answer = answers.shift();
      if (answer !== undefined) throw answer;
      taken.push(records.length);
    },
  };
  const stop = new AbortController();
  const running = carryRecords(
    buffer,
    controlPlane as ControlPlane,
    { timers: time, log: noLog },
    stop.signal,
  );
  await time.advanceAsync(60_000);
  expect(taken).toEqual([recordsPerPage]);
  expect(buffer.waiting).toBe(false);
  fill(buffer, 0, 2);
  await time.advanceAsync(10_000);
  expect(taken).toEqual([recordsPerPage, 2]);
  stop.abort();
  await running;
});
