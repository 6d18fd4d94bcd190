import { once } from 'node:events';
import type { Transcript, TranscriptEvent } from '@sallyport/ssm-protocol/testing';
import { fromHex } from '@sallyport/ssm-protocol/testing';
import type { WebSocket } from 'ws';
import type { AgentTransport, HttpAnswer } from './agent-transport.ts';

/** What a recorded HTTP event holds beside the common members. */
interface HttpEvent extends TranscriptEvent {
  readonly id: number;
  readonly path: string;
  readonly headers: Record<string, string>;
}

/** Where the gateway under test answered otherwise than the recorded one. */
export interface Difference {
  readonly at: string;
  readonly recorded: unknown;
  readonly actual: unknown;
}

/**
 * Plays the official agent's start from its recording: every request, frame and ping as recorded, in the recorded order, each with
 * the signature made anew (key, date, host and region are the test's). What comes back is compared with what the recorded
 * gateway answered, tokens by name.
 */
export class RecordedAgent {
  readonly differences: Difference[] = [];
  /** What was played, one word or path each. */
  readonly played: string[] = [];
  readonly #transport: AgentTransport;
  /** Stands between gateway and agent, to show that a gateway with a defect is found out. */
  readonly #spoil: (answer: HttpAnswer) => HttpAnswer;
  readonly #pending = new Map<number, Promise<HttpAnswer>>();
  readonly #tokens = new Map<string, string>();
  readonly #sockets = new Map<string, WebSocket>();
  #pong: Promise<unknown> = Promise.resolve([]);

  constructor(transport: AgentTransport, spoil: (answer: HttpAnswer) => HttpAnswer = (answer) => answer) {
    this.#transport = transport;
    this.#spoil = spoil;
  }

  /** The socket of that recorded name, once it is open. */
  socket(name: string): WebSocket {
    return this.#sockets.get(name)!;
  }

  async play(transcript: Transcript): Promise<void> {
    for (const event of transcript.events) {
      if (event.from === 'agent') await this.#act(event);
      else await this.#compare(event);
    }
  }

  /** Ends every socket as the official agent does: without a close frame. */
  leave(): void {
    for (const socket of this.#sockets.values()) socket.terminate();
  }

  async #act(event: TranscriptEvent): Promise<void> {
    if (event.kind === 'http-request') {
      const { id, path, headers } = event as HttpEvent;
      this.played.push(headers['x-amz-target'] ?? `POST ${path}`);
      const answer = this.#post(event as HttpEvent).then((given) => this.#spoil(given));
      // Awaited at the recorded answer; a poll is answered much later than it was sent.
      answer.catch(() => undefined);
      this.#pending.set(id, answer);
      return;
    }
    if (event.kind === 'open') {
      const { path } = event as HttpEvent;
      this.played.push(`GET ${path}`);
      this.#sockets.set(event.socket, await this.#transport.open(path));
      return;
    }
    const socket = this.socket(event.socket);
    if (event.kind === 'text') {
      this.played.push('text');
      socket.send(this.#withTokens(event.text ?? ''));
    } else if (event.kind === 'ping') {
      this.played.push('ping');
      this.#pong = once(socket, 'pong');
      socket.ping(fromHex(event.hex ?? ''));
    }
  }

  #post({ path, headers, text }: HttpEvent): Promise<HttpAnswer> {
    const authorization = headers['authorization'] ?? '';
    const service = /\/([a-z0-9]+)\/aws4_request/.exec(authorization)?.[1] ?? '';
    const names = /SignedHeaders=([^,]+)/.exec(authorization)?.[1]?.split(';') ?? [];
    const body = text ?? '';
    const value = (name: string) =>
      name === 'content-length' ? String(Buffer.byteLength(body)) : (headers[name] ?? '');
    const signed = names.filter((name) => name !== 'host' && name !== 'x-amz-date');
    return this.#transport.post(
      service,
      path,
      Object.fromEntries(signed.map((name) => [name, value(name)])),
      body,
    );
  }

  async #compare(event: TranscriptEvent): Promise<void> {
    if (event.kind === 'http-response') {
      const recorded = event as HttpEvent;
      const actual = await this.#pending.get(recorded.id)!;
      this.#judge(`${recorded.id} status`, recorded.status, actual.status);
      this.#judge(`${recorded.id} content-type`, recorded.headers['content-type'], actual.contentType);
      this.#judge(`${recorded.id} body`, recorded.text, this.#named(actual.body, recorded.text ?? ''));
    } else if (event.kind === 'pong') {
      const [payload] = (await this.#pong) as [Buffer?];
      this.#judge('pong', event.hex, payload?.toString('hex'));
    }
  }

  #judge(at: string, recorded: unknown, actual: unknown): void {
    if (recorded !== actual) this.differences.push({ at, recorded, actual });
  }

  /** The answer with its token replaced by the name that stands in the recording at the same place. */
  #named(body: string, recorded: string): string {
    const place = /(?<=<TokenValue>)[^<]+(?=<\/TokenValue>)/;
    const name = place.exec(recorded)?.[0];
    const token = place.exec(body)?.[0];
    if (name === undefined || token === undefined) return body;
    this.#tokens.set(name, token);
    return body.replace(place, name);
  }

  #withTokens(text: string): string {
    return [...this.#tokens].reduce((sent, [name, token]) => sent.replace(name, token), text);
  }
}
