import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as Fs from 'node:fs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { noLog } from '@sallyport/effects';
import { SimulatedTime } from '@sallyport/effects/simulated';
import { Problem } from '@sallyport/problems';
import type { ControlPlane } from '../ports.ts';
import { carryRecords } from './courier.ts';
import type { FlowRecord } from './flow-record.ts';
import { RecordBuffer, recordsPerPage } from './record-buffer.ts';

/** Bytes that the disk still takes. */
const disk = vi.hoisted(() => ({ free: Number.POSITIVE_INFINITY }));
vi.mock('node:fs', async (original) => {
  const real = await original<typeof Fs>();
  return {
    ...real,
    writeSync: (file: number, text: string) => {
      const part = Buffer.from(text).subarray(0, Math.max(0, disk.free));
      if (part.length === 0) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      disk.free -= part.length;
      return real.writeSync(file, part);
    },
  };
});

let folder: string;
beforeEach(() => (disk.free = Number.POSITIVE_INFINITY));
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sallyport-records-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const record = (n: number, grantId = 'grt_1'): FlowRecord => ({
  flowId: `flw_${String(n)}`,
  grantId,
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

it('loses no more than what a full disk did not take: what comes after it stands on a page of its own', () => {
  let told = 0;
  const buffer = new RecordBuffer(folder, 1e6, (count) => (told += count));
  fill(buffer, 0, 2);
  disk.free = 40;
  fill(buffer, 2, 4);
  disk.free = Number.POSITIVE_INFINITY;
  fill(buffer, 4, 6);
  expect(told).toBe(2);
  const kept: string[] = [];
  for (let page = buffer.next(); page !== undefined; page = buffer.next()) {
    kept.push(...(ids(page) ?? []));
    page.sent();
  }
  expect(kept).toEqual(['flw_0', 'flw_1', 'flw_4', 'flw_5']);
});

it('lets the grant pay that has most records waiting, and loses none of the others', () => {
  const first = new RecordBuffer(folder, 80_000);
  fill(first, 0, 30);
  // The next start of the agent finds pages that it did not write.
  const buffer = new RecordBuffer(folder, 80_000);
  for (let n = 0; n < 1_000; n += 1) {
    buffer.add(record(1_000 + n, 'grt_flood'));
    if (n % 100 === 0) buffer.add(record(100 + n / 100));
  }
  const kept: FlowRecord[] = [];
  for (let page = buffer.next(); page !== undefined; page = buffer.next()) {
    kept.push(...page.records);
    page.sent();
  }
  const of = (grantId: string) => kept.filter((one) => one.grantId === grantId).map(({ flowId }) => flowId);
  expect(of('grt_1')).toEqual(
    [...Array(30).keys(), ...Array.from({ length: 10 }, (_, n) => 100 + n)].map((n) => `flw_${String(n)}`),
  );
  expect(of('grt_flood').at(-1)).toBe('flw_1999');
  expect(of('grt_flood')).toHaveLength(1_000 - buffer.dropped);
  expect(readdirSync(folder)).toEqual(['dropped']);
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
