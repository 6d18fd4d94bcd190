import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Effects } from '@sallyport/effects';
import { readOpenText } from '@sallyport/ssm-protocol';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { Authenticator } from '../authorise/authenticate.ts';
import type { Authoriser } from '../authorise/authoriser.ts';
import type { Trail } from '../cloudtrail/trail.ts';
import { signedRequestOf, sourceOf } from '../front-door/signed-request.ts';
import { limits } from '../limits.ts';
import type { Caller } from '../principals/caller.ts';
import { AwsError } from '../services/aws-error.ts';
import { sessionArnOf, sessionContext } from '../services/ssm/sessions.ts';
import type { SessionTable } from './session-table.ts';
import type { SsmSession } from './ssm-session.ts';
import { channelRefusal, refuseUpgrade } from './upgrade-refusal.ts';
import { WebSocketEnd } from './web-socket-end.ts';

export interface ChannelDoorParts {
  readonly table: SessionTable;
  readonly authenticator: Authenticator;
  readonly authoriser: Authoriser;
  readonly trail: Trail;
  readonly effects: Effects;
  /** Whether an upgrade without signature is admitted, as it was before 1.2.764.0 of the official client. */
  readonly allowUnsigned: () => boolean;
}

/** Unsupported data, RFC 6455: what the service closes with when the opening frame is not to its liking. */
const refusedCode = 1003;

interface Upgrade {
  sessionId: string;
  region: string;
  caller?: Caller;
}

/** Takes WebSocket upgrades of data channels: signature, permission, then the token in the first text frame. */
export class ChannelDoor {
  readonly #parts: ChannelDoorParts;
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: limits.frameBytesMax,
    clientTracking: true,
  });
  readonly #silent = new Set<Duplex>();
  #opening = 0;
  #downUntil = 0;

  constructor(parts: ChannelDoorParts) {
    this.#parts = parts;
  }

  /** Answers an upgrade request. Never throws. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    // Until ws takes over, a peer that goes away must not end the process.
    const ignore = () => socket.destroy();
    socket.on('error', ignore);
    const progress: Upgrade = { sessionId: '', region: 'us-east-1' };
    const requestId = this.#parts.effects.random.uuid();
    try {
      if (this.#isDown()) return void socket.destroy();
      const session = await this.#admit(request, progress);
      if (this.#parts.table.swallows(session)) return this.#keepSilent(socket);
      this.#record(request, progress, requestId, undefined);
      if (socket.destroyed) return;
      socket.off('error', ignore);
      this.#server.handleUpgrade(request, socket, head, (webSocket) =>
        this.#opened(webSocket, socket, session),
      );
    } catch (error) {
      const refusal =
        error instanceof AwsError
          ? error
          : AwsError.common('internal', 'An error occurred on the server side.');
      if (!(error instanceof AwsError))
        this.#parts.effects.log.write('error', 'upgrade failed', { requestId, reason: String(error) });
      const answer = channelRefusal(refusal);
      if (progress.sessionId !== '')
        this.#record(request, progress, requestId, { code: answer.code, message: refusal.message });
      refuseUpgrade(socket, answer, requestId);
    }
  }

  /** Resets every channel and accepts none for `downMs`. */
  restart(downMs: number): void {
    const { table, effects } = this.#parts;
    this.#downUntil = effects.clock.monotonic() + downMs;
    table.lose('client', {}, 'reset');
    table.lose('agent', {}, 'reset');
    for (const client of this.#server.clients) client.terminate();
  }

  /** Upgrades that a black hole holds without an answer. */
  get silentUpgrades(): number {
    return this.#silent.size;
  }

  #isDown(): boolean {
    return this.#parts.effects.clock.monotonic() < this.#downUntil;
  }

  /** An upgrade that a black hole swallowed: the connection stands, and no answer comes. */
  #keepSilent(socket: Duplex): void {
    this.#silent.add(socket);
    socket.pause();
    const timer = this.#parts.effects.timers.after(limits.darkMs, () => socket.destroy());
    socket.once('close', () => {
      this.#silent.delete(socket);
      this.#parts.effects.timers.cancel(timer);
    });
  }

  /** Closes every socket. */
  close(): void {
    for (const socket of this.#silent) socket.destroy();
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }

  async #admit(request: IncomingMessage, progress: Upgrade): Promise<SsmSession> {
    const { table, authenticator, authoriser, allowUnsigned } = this.#parts;
    const signed = signedRequestOf(request, new Uint8Array());
    const sessionId = sessionIdOf(signed.path);
    if (sessionId === undefined || signed.query.get('role') !== 'publish_subscribe')
      throw AwsError.own('ResourceNotFoundException', 'There is no such channel.', 404);
    progress.sessionId = sessionId;
    const session = table.live(sessionId);
    progress.region = session?.order.region ?? progress.region;
    const isSigned = signed.headers['authorization'] !== undefined || signed.query.has('X-Amz-Signature');
    if (isSigned || !allowUnsigned()) {
      const claim = authenticator.claimOf(signed);
      progress.region = claim.region;
      const { caller, service, region } = await authenticator.authenticate(claim, signed);
      progress.caller = caller;
      if (service !== 'ssmmessages')
        throw AwsError.common(
          'bad-signature',
          "Credential should be scoped to correct service: 'ssmmessages'.",
        );
      const asking = { caller, region, ...sourceOf(request) };
      const visible =
        session?.view.account === caller.account && session.order.region === region ? session : undefined;
      const arn = sessionArnOf(sessionId, caller.account, region);
      authoriser.require(asking, 'ssmmessages:OpenDataChannel', arn, sessionContext(visible?.view));
      if (visible === undefined) throw AwsError.own('BadRequest', 'Session is already terminated', 400);
      return visible;
    }
    if (session === undefined) throw AwsError.own('BadRequest', 'Session is already terminated', 400);
    return session;
  }

  #opened(socket: WebSocket, raw: Duplex, session: SsmSession): void {
    const { effects } = this.#parts;
    // ws reports hostile frames (too long, reserved bits) here and then closes; the relay learns it by `close`.
    socket.on('error', (error) => effects.log.write('warn', 'channel error', { reason: error.message }));
    if (this.#opening >= limits.openingSocketsMax || this.#server.clients.size > limits.socketsMax)
      return socket.close(1013, 'Too many channels');
    this.#opening += 1;
    const settled = () => {
      this.#opening -= 1;
      effects.timers.cancel(timeout);
      socket.off('message', onFirst);
      socket.off('close', settled);
    };
    const timeout = effects.timers.after(limits.openingMs, () => {
      settled();
      socket.close(refusedCode, noToken(session.id));
    });
    const onFirst = (data: RawData, isBinary: boolean) => {
      settled();
      this.#firstFrame(socket, raw, session, isBinary ? undefined : (data as Buffer).toString('utf8'));
    };
    socket.on('message', onFirst);
    socket.on('close', settled);
  }

  /** The opening text tells role and token: `ClientInstanceId` makes it an agent, of an instance that has one of its own. */
  #firstFrame(socket: WebSocket, raw: Duplex, session: SsmSession, text: string | undefined): void {
    const open = text === undefined ? undefined : readOpenText(text);
    const side = open?.role === 'client' || open?.role === 'agent' ? open.role : undefined;
    const { instance } = session.order;
    const stranger =
      open?.role === 'agent' && (instance.agent !== 'attached' || open.instanceId !== instance.id);
    if (open === undefined || side === undefined || stranger || !session.admits(side, open.token))
      return socket.close(refusedCode, noToken(session.id));
    const end = new WebSocketEnd(socket, raw, this.#parts.effects.timers, () => session.drained(side));
    socket.on('message', (data: RawData) => {
      if (!end.dark) session.received(side, data as Buffer);
    });
    socket.on('close', () => session.detached(side, end));
    session.attach(side, end);
  }

  #record(
    request: IncomingMessage,
    { sessionId, region, caller }: Upgrade,
    requestId: string,
    error: { code: string; message: string } | undefined,
  ): void {
    this.#parts.trail.append({
      caller,
      eventSource: 'ssmmessages.amazonaws.com',
      eventName: 'OpenDataChannel',
      region,
      ...sourceOf(request),
      requestId,
      readOnly: false,
      requestParameters: { sessionId, role: 'publish_subscribe' },
      responseElements: null,
      error,
    });
  }
}

function sessionIdOf(path: string): string | undefined {
  const encoded = /^\/v1\/data-channel\/([^/]{1,300})$/.exec(path)?.[1];
  if (encoded === undefined) return undefined;
  try {
    const id = decodeURIComponent(encoded);
    return /^[\w+=,.@-]{1,96}$/.test(id) ? id : undefined;
  } catch {
    // Broken percent-encoding: no session has such an id.
    return undefined;
  }
}

/** A close reason has at most 123 bytes. */
function noToken(sessionId: string): string {
  return `Channel ${sessionId}: request to open data channel does not contain token.`.slice(0, 123);
}
