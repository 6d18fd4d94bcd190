import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Keyboard } from './keyboard.ts';

/** A far side that takes so many bytes at a time. */
class Slow {
  text = '';
  room = 0;
  write(bytes: Uint8Array): number {
    const taken = Math.min(this.room, bytes.length);
    this.room -= taken;
    this.text += Buffer.from(bytes.subarray(0, taken)).toString('latin1');
    return taken;
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('what is typed', () => {
  it('arrives whole and in order at a far side that takes little at a time', async () => {
    const [from, to] = [new PassThrough(), new Slow()];
    const keyboard = new Keyboard(from, to, (bytes) => bytes, false);
    for (const text of ['select ', 'count(*) ', 'from orders']) from.write(text);
    await settled();
    expect(from.isPaused()).toBe(true);
    while (to.text.length < 27) {
      to.room = 4;
      keyboard.writable();
      await settled();
    }
    expect(to.text).toBe('select count(*) from orders');
  });

  it('ends as at a terminal when a pipe ends, after all that was in it', async () => {
    const [from, to] = [new PassThrough(), new Slow()];
    const keyboard = new Keyboard(from, to, (bytes) => bytes, false);
    from.end('uptime\n');
    await settled();
    to.room = 3;
    keyboard.writable();
    to.room = 100;
    keyboard.writable();
    await settled();
    keyboard.writable();
    expect(to.text).toBe('uptime\n\u0004');
  });

  it.each([
    { from: 'a pipe that ends within a line', atTerminal: false, typed: 'uptime', sent: 'uptime\n\u0004' },
    { from: 'a pipe with nothing in it', atTerminal: false, typed: '', sent: '\u0004' },
    { from: 'a terminal that goes away', atTerminal: true, typed: 'rm -rf', sent: 'rm -rf\u0004' },
  ])('ends for its reader, from $from', async ({ atTerminal, typed, sent }) => {
    const [from, to] = [new PassThrough(), new Slow()];
    to.room = 100;
    new Keyboard(from, to, (bytes) => bytes, atTerminal);
    from.end(typed);
    await settled();
    await settled();
    expect(to.text).toBe(sent);
  });

  it('is left alone once the shell is over', async () => {
    const [from, to] = [new PassThrough(), new Slow()];
    to.room = 100;
    const keyboard = new Keyboard(from, to, (bytes) => bytes, false);
    keyboard.close();
    from.write('for the next program');
    await settled();
    expect(to.text).toBe('');
  });
});
