import { randomBytes } from 'node:crypto';
import { StartSessionCommand, type StartSessionCommandInput } from '@aws-sdk/client-ssm';
import {
  createClientShell,
  sessionKeyContext,
  type ClientShell,
  type ClientShellEnd,
  type ClientShellReady,
  type KmsRequest,
} from '@sallyport/ssm-protocol';
import type { WebSocket } from 'ws';
import { aesGcm } from '../../src/instances/programs/aes-gcm.ts';
import { openChannel, signedHeaders, wire } from './channel-client.ts';
import type { Keys, RunningSandbox } from './running-sandbox.ts';

/** What a shell does for a data key; a rejection is the refusal that its client tells. */
export type DataKeys = (
  request: KmsRequest & { readonly context: Readonly<Record<string, string>> },
) => Promise<{ readonly plaintext: Uint8Array; readonly ciphertext: Uint8Array }>;

export interface SmallShellOptions {
  readonly dataKeys?: DataKeys;
  readonly demandsEncryption?: boolean;
}

/** A shell over a WebSocket, as small as it can be. */
export class SmallShell {
  readonly sessionId: string;
  readonly shell: ClientShell;
  readonly closed: Promise<ClientShellEnd>;
  ready: ClientShellReady | undefined;
  exit: number | undefined;
  output = '';
  errorOutput = '';
  readonly #socket: WebSocket;
  readonly #timer: NodeJS.Timeout;
  readonly #waiting = new Set<() => void>();

  private constructor(socket: WebSocket, sessionId: string, target: string, options: SmallShellOptions) {
    this.#socket = socket;
    this.sessionId = sessionId;
    const closed = Promise.withResolvers<ClientShellEnd>();
    this.closed = closed.promise;
    this.shell = createClientShell(
      {
        environment: wire,
        encryption: { gcm: aesGcm, randomBytes: (length) => randomBytes(length) },
        demandsEncryption: options.demandsEncryption,
      },
      {
        frame: (bytes) => socket.send(bytes),
        text: (text) => socket.send(text),
        sendable: () => setImmediate(() => this.shell.pump(performance.now())),
        readPressure: (on) => (on ? socket.pause() : socket.resume()),
        writable: () => undefined,
        discarded: () => undefined,
        dataKeyWanted: (request) => {
          const context = sessionKeyContext({ sessionId, targetId: target, challenge: request.challenge });
          const asked = options.dataKeys?.({ ...request, context }) ?? Promise.reject(new Error('no KMS'));
          asked.then(
            (key) => this.shell.dataKey(key, performance.now()),
            (error: unknown) => this.shell.dataKeyDenied(String(error), performance.now()),
          );
        },
        ready: (info) => {
          this.ready = info;
          this.#told();
        },
        output: (bytes) => {
          this.output += Buffer.from(bytes).toString('utf8');
          this.#told();
        },
        errorOutput: (bytes) => {
          this.errorOutput += Buffer.from(bytes).toString('utf8');
          this.#told();
        },
        exit: (code) => (this.exit = code),
        closed: (end) => {
          closed.resolve(end);
          this.#told();
        },
      },
    );
    socket.on('message', (data) => this.shell.receive(data as Buffer, performance.now()));
    socket.on('error', () => undefined);
    this.#timer = setInterval(() => this.shell.tick(performance.now()), 50);
  }

  static async start(
    cloud: RunningSandbox,
    keys: Keys,
    input: StartSessionCommandInput,
    options: SmallShellOptions = {},
  ): Promise<SmallShell> {
    const started = await cloud.ssm(keys).send(new StartSessionCommand(input));
    const socket = await openChannel(started.StreamUrl!, await signedHeaders(started.StreamUrl!, keys));
    const shell = new SmallShell(socket, started.SessionId!, input.Target!, options);
    shell.shell.resize({ cols: 100, rows: 30 }, performance.now());
    shell.shell.connected(started.TokenValue!, performance.now());
    return shell;
  }

  type(text: string): void {
    this.shell.write(Buffer.from(text));
  }

  /** Resolves when the output so far matches; rejects, with what came instead, when the session ends without or nothing comes for long. */
  async shows(pattern: RegExp): Promise<RegExpExecArray> {
    let over: ClientShellEnd | undefined;
    void this.closed.then((end) => (over = end));
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new Error(`${pattern} was not shown in 45 s, but ${JSON.stringify(this.output)}`)),
      45_000,
    );
    try {
      return await Promise.race([this.#shown(pattern, () => over), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #shown(pattern: RegExp, ended: () => ClientShellEnd | undefined): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output);
      if (found !== null) return found;
      const over = ended();
      if (over !== undefined)
        throw new Error(`ended (${over.cause}${over.output}) after ${JSON.stringify(this.output)}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #told(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#socket.terminate();
  }
}
