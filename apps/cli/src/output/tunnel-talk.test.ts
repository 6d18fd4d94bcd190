import { expect, it } from 'vitest';
import type { TunnelEvent } from '../stories/tunnel-event.ts';
import { Printer } from './printer.ts';
import { stream, talk } from './tunnel-talk.ts';

function printing(isTTY = false) {
  const written = { out: '', err: '' };
  const to = (key: 'out' | 'err') => ({
    isTTY,
    columns: 80,
    write: (text: string) => void (written[key] += text),
  });
  return {
    written,
    printer: new Printer({ stdout: to('out'), stderr: to('err'), env: { NO_COLOR: '1' } }, true),
  };
}

const name = 'prod-rds';
const open = (over: object = {}): TunnelEvent => ({
  ...{ event: 'open', id: 'ses_1', state: 'open', grantId: 'grt_1', name, host: '127.0.0.1', port: 15432 },
  ...{ socket: null, url: 'u', endsAt: '2026-01-01T00:00:00.000Z', files: {}, network: null, steps: [] },
  ...over,
});
const warning: TunnelEvent = {
  ...{ event: 'warning', name, secondsLeft: 600, endsAt: '2026-01-01T00:00:00.000Z' },
  extend: 'tunnel extend prod-rds 30m',
};

it('writes JSON that cannot steer a terminal and reads back the same', () => {
  const { written, printer } = printing(true);
  const foreign = { id: 'req_1', reason: 'a\u009b2Jb\u202ec\u2028d' };
  printer.object(foreign);
  expect(written.out).not.toMatch(/[\u007f-\u009f\u202e\u2028]/u);
  expect(JSON.parse(written.out)).toEqual(foreign);
});

it('tells each step with its time, one line each when piped', () => {
  const { written, printer } = printing();
  const report = talk(printer);
  report({ event: 'progress', name, step: 'lease', elapsedMs: 120 });
  report({ event: 'progress', name, step: 'ready', elapsedMs: 900 });
  expect(written.err).toBe('✓ prod-rds: a lease of AWS credentials  0.1 s\n✓ connected to prod-rds  0.9 s\n');
});

it('lets the line of a step give way to the next on a terminal', () => {
  const { written, printer } = printing(true);
  const report = talk(printer);
  report({ event: 'progress', name, step: 'lease', elapsedMs: 120 });
  report({ event: 'progress', name, step: 'session', elapsedMs: 200 });
  printer.say('said');
  expect(written.err).toBe(
    '✓ prod-rds: a lease of AWS credentials  0.1 s\r\u001b[K✓ prod-rds: the session is on record  0.2 s\r\u001b[Ksaid\n',
  );
});

it('warns with the line to paste', () => {
  const { written, printer } = printing();
  talk(printer)(warning);
  expect(written.err).toBe('prod-rds: 10 min left. Need it longer? tunnel extend prod-rds 30m\n');
});

it('streams one object per line, the open tunnels first', () => {
  const { written, printer } = printing();
  const report = stream(printer, 2);
  report({ event: 'progress', name, step: 'lease', elapsedMs: 1 });
  report(open());
  report(warning);
  report(open({ name: 'prod-web' }));
  report({ event: 'reconnecting', name, reason: 'service_close' });
  const lines = written.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { event: string; name: string });
  expect(lines.map(({ event, name: of }) => `${event} ${of}`)).toEqual([
    'open prod-rds',
    'open prod-web',
    'warning prod-rds',
    'reconnecting prod-rds',
  ]);
  expect(written.err).toContain('a lease');
});

it('makes what others named harmless', () => {
  const { written, printer } = printing();
  talk(printer)({ event: 'destination-refused', name: 'a\u001b[2Jb', destination: 'h\u202e:1' });
  expect(written.err).toBe('ab: the gateway could not connect to h:1 (DESTINATION_REFUSED)\n');
});
