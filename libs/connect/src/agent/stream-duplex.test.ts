import { once } from 'node:events';
import type { MuxStream } from '@sallyport/agent-protocol';
import { expect, it } from 'vitest';
import { StreamDuplex } from './stream-duplex.ts';

/** A conversation whose link takes what it is given while `room` is set; what was said and how much was confirmed. */
function aConversation() {
  const link = { room: true, said: '', consumed: 0 };
  const duplex = new StreamDuplex();
  duplex.join({
    write: (bytes: Uint8Array) => {
      link.said += Buffer.from(bytes).toString();
      return link.room;
    },
    end: () => (link.said += '.'),
    reset: () => (link.said += '!'),
    consumed: (bytes: number) => (link.consumed += bytes),
  } as unknown as MuxStream);
  return { duplex, link };
}

it('says what passes it by in order with what was written, up to the end', async () => {
  const { duplex, link } = aConversation();
  expect(duplex.say(Buffer.from('a'))).toBe(true);
  duplex.cork();
  duplex.write('b');
  duplex.say(Buffer.from('c'));
  expect(link.said, 'behind what waits').toBe('a');
  duplex.uncork();
  await new Promise(setImmediate);
  duplex.say(Buffer.from('d'));
  duplex.end();
  await once(duplex, 'finish');
  expect(link.said).toBe('abcd.');
});

it('has whoever says something wait until the link has room', async () => {
  const { duplex, link } = aConversation();
  link.room = false;
  expect(duplex.say(Buffer.from('a'))).toBe(false);
  const drained = once(duplex, 'drain');
  link.room = true;
  duplex.events.writable();
  await drained;
  expect(duplex.say(Buffer.from('b'))).toBe(true);
});

it('is heard past its queue while it flows, and keeps what comes while it does not', async () => {
  const { duplex, link } = aConversation();
  let heard = '';
  const hear = (bytes: Uint8Array) => (heard += Buffer.from(bytes).toString());
  duplex.on('data', hear);
  duplex.heard = hear;
  duplex.resume();
  duplex.events.data(Buffer.from('one '));
  expect(heard).toBe('one ');
  duplex.pause();
  duplex.events.data(Buffer.from('two '));
  duplex.events.data(Buffer.from('three '));
  expect(heard).toBe('one ');
  duplex.resume();
  duplex.events.data(Buffer.from('four'));
  duplex.events.end();
  await once(duplex, 'end');
  expect(heard).toBe('one two three four');
  expect(link.consumed).toBe(heard.length);
});
