import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readOptions } from './options.ts';

describe('the command line of the sandbox', () => {
  it('paces, asks for signatures and offers no control unless told otherwise', () => {
    const options = readOptions(['--data', 'd']);
    expect(options).toMatchObject({
      dataDir: 'd',
      port: 0,
      paced: true,
      allowUnsigned: false,
      control: false,
    });
    expect(options.agentListen).toBeUndefined();
    expect(existsSync(options.worldFile)).toBe(true);
    for (const [text, host] of [
      ['127.0.0.1:9443', '127.0.0.1'],
      ['[::1]:9443', '::1'],
    ])
      expect(readOptions(['--data', 'd', '--agent-listen', text!]).agentListen).toEqual({ host, port: 9443 });
    expect(
      readOptions(['--data', 'd', '--port', '9', '--no-pacing', '--allow-unsigned', '--control']),
    ).toMatchObject({
      port: 9,
      paced: false,
      allowUnsigned: true,
      control: true,
    });
  });

  it.each([
    ['no data directory', []],
    ['a port that is none', ['--data', 'x', '--port', '70000']],
    ['an address for agents that is none', ['--data', 'x', '--agent-listen', '9443']],
    ['agents from other machines', ['--data', 'x', '--agent-listen', '0.0.0.0:9443']],
    ['a switch it does not have', ['--data', 'x', '--fast']],
  ])('refuses %s', (_what, args) => {
    expect(() => readOptions(args)).toThrow(expect.objectContaining({ code: 'SANDBOX_OPTION_INVALID' }));
  });
});
