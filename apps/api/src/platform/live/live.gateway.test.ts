import { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { aConfiguration } from '../../testing/configuration.ts';
import type { Actor } from '../http/actor.ts';
import { Authenticator } from '../http/authenticator.ts';
import { EndedCredentials } from '../http/ended-credentials.ts';
import { LiveHints } from '../live-hints/live-hints.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { connectionsMax, unprovenConnectionsMax } from './limits.ts';
import { LiveGateway } from './live.gateway.ts';

/** Each token is a person of its own. */
class Doorkeeper extends Authenticator {
  asked = 0;
  answer: Promise<void> = Promise.resolve();
  byCookie = () => Promise.resolve(undefined);
  again = (actor: Actor) => Promise.resolve(actor);
  async byToken(token: string): Promise<Actor> {
    this.asked++;
    await this.answer;
    const person = { id: token, name: token, email: `${token}@example.com`, roles: [], groups: [] };
    return { ...person, signedInBy: 'token', credentialId: token, scopes: null };
  }
}

class TestSocket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  sent = 0;
  send = () => void this.sent++;
  /** As a client that never answers the closing frame: nothing more happens. */
  close = () => undefined;
  terminate(): void {
    this.readyState = 3;
    this.emit('close');
  }
}

function aGateway() {
  const [doorkeeper, hints, effects] = [new Doorkeeper(), new LiveHints(), simulatedEffects()];
  const gateway = new LiveGateway(
    ...([doorkeeper, new EndedCredentials(), hints, new Metrics(), effects, aConfiguration()] as const),
  );
  let count = 0;
  const comes = (authorization = `Bearer prs_${++count}`) => {
    const socket = new TestSocket();
    const request = { headers: { authorization }, url: '/api/live' } as IncomingMessage;
    const judged = gateway.handleConnection(socket as unknown as WebSocket, request);
    return { socket, judged };
  };
  return { doorkeeper, comes };
}

it('drops who comes while too many have not proved who they are, before the database is asked', async () => {
  const { doorkeeper, comes } = aGateway();
  let release = () => undefined as void;
  doorkeeper.answer = new Promise<void>((resolve) => (release = resolve));
  const waiting = Array.from({ length: unprovenConnectionsMax }, () => comes());
  const dropped = comes();
  await dropped.judged;
  expect([dropped.socket.readyState, doorkeeper.asked]).toEqual([3, unprovenConnectionsMax]);
  release();
  await Promise.all(waiting.map(({ judged }) => judged));
  expect(waiting.every(({ socket }) => socket.sent === 1)).toBe(true);
  const next = comes();
  await next.judged;
  expect(next.socket.sent).toBe(1);
});

it('counts those who were refused until they are gone, though they do not answer', async () => {
  const { comes } = aGateway();
  const refused = Array.from({ length: unprovenConnectionsMax }, () => comes('Basic x'));
  await Promise.all(refused.map(({ judged }) => judged));
  expect(comes().socket.readyState).toBe(3);
  refused[0]!.socket.terminate();
  expect(comes().socket.readyState).toBe(1);
});

it('holds a bounded number of connections in all, and takes a new one when another goes', async () => {
  const { comes } = aGateway();
  const held: TestSocket[] = [];
  for (let count = 0; count < connectionsMax; count++) {
    const { socket, judged } = comes();
    await judged;
    held.push(socket);
  }
  expect(held.every(({ sent }) => sent === 1)).toBe(true);
  expect(comes().socket.readyState).toBe(3);
  held[0]!.terminate();
  const next = comes();
  await next.judged;
  expect(next.socket.sent).toBe(1);
});
