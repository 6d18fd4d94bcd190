import { SlabReader, slabBytes } from '@sallyport/effects/memory';
import { describe, expect, it } from 'vitest';
import type { Client, Conversation } from './client.ts';
import { Held } from './flows/held.ts';
import { windowBytesSure } from './limits.ts';
import { Memory } from './memory.ts';

const MiB = 1024 * 1024;

/** Clients of a person each, with conversations that hold so much; `broken` and `ended` are what was done to them. */
function aMemory(bytesMax: number, links: Record<string, number[][]>) {
  const broken: string[] = [];
  const ended: string[] = [];
  const clients = Object.entries(links).flatMap(([usr, ofPerson]) =>
    ofPerson.map((sizes): Client => {
      const conversations = new Set<Conversation>();
      const client = {
        claims: { usr },
        conversations,
        association: { end: () => ended.push(usr) },
        get heldBytes() {
          return [...conversations].reduce((sum, { held }) => sum + (held?.().far ?? 0), 0);
        },
      };
      for (const size of sizes) {
        const conversation = {
          break: () => void (conversations.delete(conversation), broken.push(`${usr} ${size / MiB}`)),
          held: () => ({ near: 0, far: size }),
        } as unknown as Conversation;
        conversations.add(conversation);
      }
      return client as unknown as Client;
    }),
  );
  const memory = new Memory(
    bytesMax,
    () => clients,
    () => undefined,
  );
  return { memory, broken, ended };
}

describe('what all clients hold', () => {
  it('costs nobody anything below the bound', () => {
    const { memory, broken } = aMemory(100 * MiB, { anna: [[50 * MiB]], ben: [[49 * MiB]] });
    memory.moved(100 * MiB);
    expect(broken).toEqual([]);
  });

  it('is made less where one person has most, over however many links, and of nobody else', () => {
    const many = Array.from({ length: 90 }, () => [MiB]);
    const { memory, broken, ended } = aMemory(100 * MiB, { anna: [[9 * MiB, 2 * MiB]], mallory: many });
    memory.moved(100 * MiB);
    expect(memory.heldBytes).toBeLessThanOrEqual(50 * MiB);
    expect([...new Set(broken)]).toEqual(['mallory 1']);
    expect(ended).toEqual([]);
  });

  it('is made less by the greatest conversations first', () => {
    const { memory, broken } = aMemory(100 * MiB, { mallory: [[10 * MiB, 65 * MiB, 30 * MiB, MiB]] });
    memory.moved(100 * MiB);
    expect(broken).toEqual(['mallory 65']);
  });
});

describe('windows', () => {
  it('are never all of one link, and every link has some', () => {
    const { windows } = aMemory(96 * MiB, {}).memory;
    const link = () => {
      let own = 0;
      while (windows.take(128 * 1024, own)) own += 128 * 1024;
      return own;
    };
    const grown = Array.from({ length: 20 }, link);
    expect(grown[0]).toBe(32 * MiB);
    expect(grown[1]).toBe(16 * MiB);
    expect(grown.every((bytes) => bytes >= windowBytesSure)).toBe(true);
    for (const bytes of grown) windows.give(bytes);
    expect(link()).toBe(32 * MiB);
  });
});

it('counts the memory that a piece keeps, and each memory once', () => {
  const reader = new SlabReader();
  const held = new Held();
  for (let byte = 0; byte < 3; byte += 1) {
    reader.room().fill(byte, 0, 100);
    held.add(reader.take(100));
  }
  const seen = new Set<ArrayBufferLike>();
  expect(held.heldBytes(seen)).toBeGreaterThan(slabBytes);
  expect(held.heldBytes(new Set())).toBeLessThan(2 * slabBytes);
  expect(held.heldBytes(seen), 'counted already').toBeLessThan(slabBytes);
  held.waits(held.take());
  expect(held.heldBytes(new Set()), 'on its way').toBeGreaterThan(slabBytes);
  held.passed();
  expect(held.heldBytes(new Set())).toBe(0);
});
