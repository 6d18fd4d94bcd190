import type { DataChannel } from '../../channel/data-channel.ts';
import type { AgentSession, ClientSession } from '../../session/contract.ts';
import type { StreamTable } from '../../session/stream-table.ts';

/** The insides of a session that bugs are planted in. */
interface Insides {
  readonly channel: DataChannel;
  readonly table: StreamTable;
}

/** Mistakes that an implementation could have made, one sentence each. Canaries: the simulation must catch every one. */
export const plantedBugs = {
  'acknowledges-before-keeping': 'every fourth early message is acknowledged and forgotten',
  'never-resends': 'the resend timer does nothing',
  'delivers-twice': 'the message before the expected one is taken again',
  'acknowledges-cumulatively': 'an acknowledgement is taken for all messages before it',
  'forgets-on-reconnect': 'what was in flight is dropped when the socket is replaced',
  'ignores-the-order': 'early messages are delivered at once',
  'forgets-the-window': 'any number of messages may be in flight',
  'forgets-to-wake': 'room in the window is hardly ever told to the driver',
  'counts-while-deaf': 'messages are sent again while nothing is read, until the session is given up',
  'loses-a-written-byte': 'a byte of each hundredth write is not sent',
} as const;

export type PlantedBug = keyof typeof plantedBugs;

/** Makes both ends behave as if they had been built with the bug. */
export function plantBug(bug: PlantedBug, client: ClientSession, agent: AgentSession): void {
  for (const session of [client, agent]) plants[bug](session as unknown as Insides);
}

const plants: Readonly<Record<PlantedBug, (insides: Insides) => void>> = {
  'acknowledges-before-keeping': ({ channel: { receiver } }) => {
    const keep = receiver.keep.bind(receiver);
    let count = 0;
    receiver.keep = (sequence, type, payload) => (count++ % 4 === 3 ? true : keep(sequence, type, payload));
  },
  'never-resends': ({ channel: { sender } }) => {
    const tick = sender.tick.bind(sender);
    sender.tick = (now) => tick(now, () => undefined);
  },
  'delivers-twice': ({ channel: { receiver } }) => {
    const place = receiver.place.bind(receiver);
    // The handshake is left alone: what it does twice is refused by the roles.
    receiver.place = (sequence) =>
      sequence === receiver.expected - 1 && sequence > 3 ? 'expected' : place(sequence);
  },
  'acknowledges-cumulatively': ({ channel: { sender } }) => {
    const acknowledge = sender.acknowledge.bind(sender);
    sender.acknowledge = (sequence, now) => {
      for (let earlier = sequence - 1; earlier >= 0 && earlier > sequence - 64; earlier -= 1)
        acknowledge(earlier, now);
      return acknowledge(sequence, now);
    };
  },
  'forgets-on-reconnect': ({ channel: { sender } }) => {
    const startReplay = sender.startReplay.bind(sender);
    sender.startReplay = () => {
      for (let sequence = 0; sequence < sender.nextSequence; sequence += 1) sender.acknowledge(sequence, 0);
      startReplay();
    };
  },
  'ignores-the-order': ({ channel: { receiver } }) => {
    const place = receiver.place.bind(receiver);
    receiver.place = (sequence) =>
      place(sequence) === 'early' && sequence > 3 ? 'expected' : place(sequence);
  },
  'forgets-the-window': ({ channel: { sender } }) => {
    Object.defineProperty(sender, 'hasRoom', { get: () => true });
  },
  'forgets-to-wake': ({ channel: { sender } }) => {
    const acknowledge = sender.acknowledge.bind(sender);
    sender.acknowledge = (sequence, now) => acknowledge(sequence, now) && sequence % 97 === 0;
  },
  'counts-while-deaf': ({ channel: { sender } }) => {
    sender.deaf = () => undefined;
  },
  'loses-a-written-byte': ({ table }) => {
    const write = table.write.bind(table);
    let count = 0;
    table.write = (id, bytes) => {
      const lose = bytes.length > 1 && count++ % 100 === 99;
      const taken = write(id, lose ? bytes.subarray(1) : bytes);
      return lose && taken > 0 ? taken + 1 : taken;
    };
  },
};
