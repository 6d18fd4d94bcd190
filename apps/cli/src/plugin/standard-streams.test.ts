import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough, Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { StandardStreams } from './standard-streams.ts';

describe('standard input and output as one connection', () => {
  it('waits once for a slow reader, however much had come before', async () => {
    const waiting: (() => void)[] = [];
    const to = new Writable({ highWaterMark: 4, write: (_bytes, _encoding, done) => waiting.push(done) });
    const streams = new StandardStreams(new PassThrough(), to);
    let drained = 0;
    streams.on('drain', () => (drained += 1));
    for (let time = 0; time < 50; time += 1) expect(streams.write(Buffer.from('12345'))).toBe(false);
    // More than ten are a warning on standard error.
    expect(to.listenerCount('drain')).toBe(1);
    while (waiting.length > 0) {
      waiting.shift()?.();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(drained).toBe(1);
    streams.write(Buffer.from('12345'));
    expect(to.listenerCount('drain')).toBe(1);
    streams.destroy();
    to.destroy();
  });

  it('whose reader has left does not break the program in the middle: its session is still to be ended', async () => {
    const world = new URL('plugin-world.ts', import.meta.url).href;
    const lines = `
      const { systemPluginWorld } = await import('${world}');
      const { input, output } = systemPluginWorld();
      output.once('error', () => undefined);
      for await (const _ of input);
      for (let time = 0; time < 5; time += 1) await new Promise((done) => output.write('x', done));
      process.exit(7);`;
    const child = spawn(
      process.execPath,
      ['--conditions=development', '--input-type=module', '--eval', lines],
      { stdio: ['pipe', 'pipe', 'pipe'] },
    );
    let said = '';
    child.stderr.on('data', (bytes: Buffer) => (said += bytes.toString()));
    child.stdout.destroy();
    child.stdin.end();
    const [code] = (await once(child, 'close')) as [number];
    expect({ code, said }).toEqual({ code: 7, said: '' });
  }, 30_000);
});
