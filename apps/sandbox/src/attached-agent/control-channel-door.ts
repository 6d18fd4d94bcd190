import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Effects } from '@sallyport/effects';
import { readOpenText } from '@sallyport/ssm-protocol';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { Authenticator } from '../authorise/authenticate.ts';
import type { Authoriser } from '../authorise/authoriser.ts';
import type { Trail } from '../cloudtrail/trail.ts';
import { signedRequestOf, sourceOf } from '../front-door/signed-request.ts';
import type { SessionTable } from '../gateway/session-table.ts';
import { channelRefusal, refuseUpgrade } from '../gateway/upgrade-refusal.ts';
import { limits } from '../limits.ts';
import type { Caller } from '../principals/caller.ts';
import { AwsError } from '../services/aws-error.ts';
import type { ControlChannels, ControlSocket } from './control-channels.ts';

export interface ControlChannelDoorParts {
  readonly table: SessionTable;
  readonly channels: ControlChannels;
  readonly authenticator: Authenticator;
  readonly authoriser: Authoriser;
  readonly trail: Trail;
  readonly effects: Effects;
}

interface Upgrade {
  region: string;
  caller?: Caller;
}

/** What the service closes with when the opening frame is not to its liking (RFC 6455: unsupported data). */
const refusedCode = 1003;

/** Takes the upgrades of agents' control channels: always signed, then the token in the first text frame. */
export class ControlChannelDoor {
  readonly #parts: ControlChannelDoorParts;
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: limits.controlFrameBytesMax,
    clientTracking: true,
  });

  constructor(parts: ControlChannelDoorParts) {
    this.#parts = parts;
  }

  /** The instance whose control channel a path names; undefined for any other path. */
  static instanceOf(url: string | undefined): string | undefined {
    return /^\/v1\/control-channel\/([\w-]{1,64})(\?|$)/.exec(url ?? '')?.[1];
  }

  /** Answers an upgrade request. Never throws. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, instanceId: string): Promise<void> {
    const ignore = () => socket.destroy();
    socket.on('error', ignore);
    const requestId = this.#parts.effects.random.uuid();
    const progress: Upgrade = { region: 'us-east-1' };
    try {
      await this.#admit(request, instanceId, progress);
      this.#record(request, instanceId, requestId, progress, undefined);
      if (socket.destroyed) return;
      socket.off('error', ignore);
      this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#opened(webSocket, instanceId));
    } catch (error) {
      const refused =
        error instanceof AwsError
          ? error
          : AwsError.common('internal', 'An error occurred on the server side.');
      if (!(error instanceof AwsError))
        this.#parts.effects.log.write('error', 'upgrade failed', { requestId, reason: String(error) });
      const refusal = channelRefusal(refused);
      this.#record(request, instanceId, requestId, progress, {
        code: refusal.code,
        message: refused.message,
      });
      refuseUpgrade(socket, refusal, requestId);
    }
  }

  /** Closes every socket. */
  close(): void {
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }

  async #admit(request: IncomingMessage, instanceId: string, progress: Upgrade): Promise<void> {
    const { authenticator, authoriser, channels } = this.#parts;
    const signed = signedRequestOf(request, new Uint8Array());
    const claim = authenticator.claimOf(signed);
    progress.region = claim.region;
    const { caller, service, region } = await authenticator.authenticate(claim, signed);
    progress.caller = caller;
    if (service !== 'ssmmessages')
      throw AwsError.common(
        'bad-signature',
        "Credential should be scoped to correct service: 'ssmmessages'.",
      );
    authoriser.require({ caller, region, ...sourceOf(request) }, 'ssmmessages:OpenControlChannel', '*');
    const wanted = { role: 'subscribe', stream: 'input' };
    const instance = channels.instance(instanceId);
    const fits = Object.entries(wanted).every(([name, value]) => signed.query.get(name) === value);
    if (!fits || instance?.account !== caller.account || instance.region !== region)
      throw AwsError.own('ResourceNotFoundException', 'There is no such channel.', 404);
  }

  #opened(socket: WebSocket, instanceId: string): void {
    const { channels, effects, table } = this.#parts;
    socket.on('error', (error) =>
      effects.log.write('warn', 'control channel error', { reason: error.message }),
    );
    const refuse = () => socket.close(refusedCode, 'request to open control channel does not contain token.');
    const timeout = effects.timers.after(limits.openingMs, refuse);
    socket.once('close', () => effects.timers.cancel(timeout));
    socket.once('message', (data: RawData, isBinary: boolean) => {
      effects.timers.cancel(timeout);
      const open = isBinary ? undefined : readOpenText((data as Buffer).toString('utf8'));
      if (open?.role !== 'control' || !channels.admits(instanceId, open.token)) return refuse();
      const end: ControlSocket = {
        send: (frame) => socket.send(frame),
        close: (code, reason) => socket.close(code, reason),
      };
      socket.on('message', (frame: RawData) => channels.received(instanceId, frame as Buffer, table));
      socket.on('close', () => channels.detached(instanceId, end));
      channels.attach(instanceId, end, open.agentVersion);
    });
  }

  #record(
    request: IncomingMessage,
    instanceId: string,
    requestId: string,
    { caller, region }: Upgrade,
    error: { code: string; message: string } | undefined,
  ): void {
    this.#parts.trail.append({
      caller,
      eventSource: 'ssmmessages.amazonaws.com',
      eventName: 'OpenControlChannel',
      region,
      ...sourceOf(request),
      requestId,
      readOnly: false,
      requestParameters: { instanceId },
      responseElements: null,
      error,
    });
  }
}
