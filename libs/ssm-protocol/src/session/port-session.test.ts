import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { SimulatedPair, type SimulatedPairOptions } from '../testing/index.ts';

const sha256 = (bytes: Uint8Array) => hash('sha256', bytes, 'buffer');
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytesOf = (content: string) => new TextEncoder().encode(content);

function aPair(options: Partial<SimulatedPairOptions> = {}): SimulatedPair {
  return new SimulatedPair({ sha256, random: () => 0.999, ...options });
}

describe('a multiplexed port session', () => {
  it('carries bytes both ways and ends a stream at both ends', () => {
    const pair = aPair().start();
    expect(pair.ready?.mode).toBe('mux');
    const stream = pair.clientSession.open()!;
    pair.client.send(stream, bytesOf('hello\n'));
    pair.runUntil(() => pair.agent.bytes(stream).length === 6, 1000);
    expect(text(pair.agent.bytes(stream))).toBe('hello\n');
    pair.agent.send(stream, bytesOf('good day'));
    pair.agent.close(stream);
    pair.runUntil(() => pair.client.ended.has(stream), 1000);
    expect(text(pair.client.bytes(stream))).toBe('good day');
    expect(pair.clientSession.stats.streams).toBe(0);
    expect(pair.agentSession.stats.streams).toBe(0);
  });
});
