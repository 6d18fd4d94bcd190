import type { IncomingMessage } from 'node:http';
import { Inject, type BeforeApplicationShutdown, type OnApplicationBootstrap } from '@nestjs/common';
import { WebSocketGateway, type OnGatewayConnection } from '@nestjs/websockets';
import type { Effects, TimerHandle } from '@sallyport/effects';
import type { WebSocket } from 'ws';
import { CONFIGURATION, type Configuration } from '../../configuration.ts';
import { EFFECTS } from '../../effects.module.ts';
import type { Actor } from '../http/actor.ts';
import { Authenticator, bearerOf, cookieOf, signInCookie } from '../http/authenticator.ts';
import { EndedCredentials } from '../http/ended-credentials.ts';
import { isOwnOrigin } from '../http/same-origin.ts';
import { LiveHints } from '../live-hints/live-hints.ts';
import { Metrics } from '../telemetry/metrics.ts';
import {
  connectionsMax,
  connectionsPerPersonMax,
  inboundBytesMax,
  pingEveryMs,
  unprovenConnectionsMax,
} from './limits.ts';
import { closeWith, LiveConnection, type Closing } from './live-connection.ts';

/** Where clients listen. */
@WebSocketGateway({ path: '/api/live', maxPayload: inboundBytesMax, perMessageDeflate: false })
export class LiveGateway implements OnGatewayConnection, OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #authenticator: Authenticator;
  readonly #ended: EndedCredentials;
  readonly #hints: LiveHints;
  readonly #metrics: Metrics;
  readonly #effects: Effects;
  readonly #configuration: Configuration;
  readonly #connections = new Set<LiveConnection>();
  /** Sockets of all kinds, until they are gone. */
  #sockets = 0;
  #unsubscribe: (() => void)[] = [];
  #pinging: TimerHandle | undefined;
  #stopping = false;

  constructor(
    @Inject(Authenticator) authenticator: Authenticator,
    @Inject(EndedCredentials) ended: EndedCredentials,
    @Inject(LiveHints) hints: LiveHints,
    @Inject(Metrics) metrics: Metrics,
    @Inject(EFFECTS) effects: Effects,
    @Inject(CONFIGURATION) configuration: Configuration,
  ) {
    this.#authenticator = authenticator;
    this.#ended = ended;
    this.#hints = hints;
    this.#metrics = metrics;
    this.#effects = effects;
    this.#configuration = configuration;
  }

  onApplicationBootstrap(): void {
    this.#unsubscribe = [
      this.#hints.subscribe((hint) => {
        for (const connection of this.#connections) connection.offer(hint);
      }),
      this.#ended.subscribe((credentialId) => {
        for (const connection of this.#connections)
          if (connection.actor.credentialId === credentialId) connection.end('signedOut');
      }),
    ];
    this.#pinging = this.#effects.timers.every(pingEveryMs, () => {
      for (const connection of this.#connections) void connection.check();
    });
  }

  beforeApplicationShutdown(): void {
    this.#stopping = true;
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    if (this.#pinging) this.#effects.timers.cancel(this.#pinging);
    for (const connection of this.#connections) connection.end('stopping');
  }

  async handleConnection(socket: WebSocket, request: IncomingMessage): Promise<void> {
    // Before the first await, or a client that is quick could throw at us what nobody catches.
    const held: { connection?: LiveConnection } = {};
    const end = (closing: Closing) =>
      held.connection ? held.connection.end(closing) : closeWith(socket, closing);
    socket.on('message', (_data: unknown, binary: boolean) => end(binary ? 'spokeBinary' : 'spoke'));
    socket.on('pong', () => held.connection?.answered());
    socket.once('close', () => this.#forget(held.connection));
    socket.on('error', () => socket.terminate());
    this.#sockets++;
    // Without a word: whoever floods us would not answer it, and the socket would stay until then.
    if (this.#isCrowded()) return socket.terminate();

    const actor = await this.#actorOf(request).catch((): Closing => 'signedOut');
    if (socket.readyState !== socket.OPEN) return;
    if (typeof actor === 'string') return end(actor);
    if (this.#stopping) return end('stopping');
    if (this.#countOf(actor) >= connectionsPerPersonMax) return end('tooMany');
    const connection = new LiveConnection(socket, actor, this.#authenticator);
    held.connection = connection;
    this.#connections.add(connection);
    this.#metrics.liveConnections.set(this.#connections.size);
    connection.greet(this.#effects.clock.now());
  }

  async #actorOf({ headers, url }: IncomingMessage): Promise<Actor | Closing> {
    if (url?.includes('?')) return 'secretInAddress';
    if (headers.authorization !== undefined) {
      const token = bearerOf(headers.authorization);
      const actor = token === undefined ? undefined : await this.#authenticator.byToken(token);
      if (!actor) return 'signedOut';
      return actor.scopes?.includes('read') === false ? 'scopeMissing' : actor;
    }
    if (!isOwnOrigin(headers, this.#configuration.publicUrl)) return 'foreignOrigin';
    const cookie = cookieOf(headers.cookie, signInCookie);
    return (cookie === undefined ? undefined : await this.#authenticator.byCookie(cookie)) ?? 'signedOut';
  }

  #isCrowded(): boolean {
    const unproven = this.#sockets - this.#connections.size;
    return this.#sockets > connectionsMax || unproven > unprovenConnectionsMax;
  }

  #countOf(actor: Actor): number {
    let count = 0;
    for (const connection of this.#connections) if (connection.actor.id === actor.id) count++;
    return count;
  }

  #forget(connection: LiveConnection | undefined): void {
    this.#sockets--;
    if (!connection) return;
    connection.gone();
    this.#connections.delete(connection);
    this.#metrics.liveConnections.set(this.#connections.size);
  }
}
