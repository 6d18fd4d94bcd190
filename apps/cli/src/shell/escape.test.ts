import { describe, expect, it } from 'vitest';
import { Escape } from './escape.ts';

function typed(...keys: string[]): { sent: string; left: boolean } {
  const escape = new Escape();
  let sent = '';
  for (const key of keys) {
    const { send, leave } = escape.take(Buffer.from(key));
    sent += Buffer.from(send).toString();
    if (leave) return { sent, left: true };
  }
  return { sent, left: false };
}

describe('leaving a shell that no longer answers', () => {
  it('is Enter, tilde, dot, also key by key', () => {
    expect(typed('ls\r~.rest')).toEqual({ sent: 'ls\r', left: true });
    expect(typed('l', 's', '\r', '~', '.')).toEqual({ sent: 'ls\r', left: true });
    expect(typed('~.')).toEqual({ sent: '', left: true });
  });

  it('leaves every other tilde alone', () => {
    expect(typed('cd ~.config\r')).toEqual({ sent: 'cd ~.config\r', left: false });
    expect(typed('\r~/bin/x\r')).toEqual({ sent: '\r~/bin/x\r', left: false });
    expect(typed('\r~~.\r')).toEqual({ sent: '\r~.\r', left: false });
    expect(typed('ä\r', '~', 'ä')).toEqual({ sent: 'ä\r~ä', left: false });
  });
});
