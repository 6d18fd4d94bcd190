import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import { clientOpenText } from '@sallyport/ssm-protocol';
import { orAborted } from '../lease-source.ts';
import type { Connection, ConnectionSink, Transport } from '../transport.ts';
import { closedOutput, readFirstWord, type FirstWord } from './first-word.ts';

/** What an agent may say before its first word on the kind of session; more is no agent's. */
const keptMax = 512;
const clientVersion = '1.2.764.0';

/**
 * The data channel of a session whose kind only its agent tells: opened, introduced with its token, and held until the first word is there. Then it is handed to
 * whoever drives that kind, as the first connection of {@link transport}, with all that was heard meanwhile.
 */
export class HeldChannel {
  readonly #transport: Transport;
  readonly #first = Promise.withResolvers<FirstWord>();
  readonly #kept: ((sink: ConnectionSink) => void)[] = [];
  #connection: Connection | undefined;
  #sink: ConnectionSink | undefined;
  #handedOver = false;
  #closedOutput: string | undefined;

  private constructor(transport: Transport) {
    this.#transport = transport;
    // Whoever waits for it is told; it may also break when nobody waits.
    this.#first.promise.catch(() => undefined);
  }

  /** Refuses with what the transport refuses with. */
  static async open(
    { transport, effects }: { readonly transport: Transport; readonly effects: Effects },
    at: { readonly url: URL; readonly headers: Readonly<Record<string, string>>; readonly token: string },
    signal: AbortSignal,
  ): Promise<HeldChannel> {
    const held = new HeldChannel(transport);
    const connection = await transport.open(at.url, at.headers, held.#listening(), signal);
    held.#connection = connection;
    const { random } = effects;
    connection.text(
      clientOpenText({ requestId: random.uuid(), token: at.token, clientId: random.uuid(), clientVersion }),
    );
    connection.ping();
    return held;
  }

  /** Resolves with what the agent says first; refuses with CHANNEL_LOST when the connection breaks before. */
  firstWord(signal: AbortSignal): Promise<FirstWord> {
    return orAborted(this.#first.promise, signal);
  }

  /** What the service said as it ended the session; undefined while it has not. */
  get closedOutput(): string | undefined {
    return this.#closedOutput;
  }

  /** The way to the gateway for whoever goes on: the held connection first, afterwards new ones. */
  readonly transport: Transport = {
    open: async (url, headers, sink, signal) => {
      if (this.#handedOver) return this.#transport.open(url, headers, this.#watched(sink), signal);
      this.#handedOver = true;
      // After the driver has joined the connection, which it does as soon as it has it.
      setImmediate(() => {
        this.#sink = sink;
        for (const tell of this.#kept.splice(0)) tell(sink);
      });
      return introduced(this.#connection!);
    },
  };

  /** Breaks the held connection. */
  cut(): void {
    this.#connection?.cut();
  }

  #listening(): ConnectionSink {
    const tell = (say: (sink: ConnectionSink) => void) => {
      if (this.#sink !== undefined) return say(this.#sink);
      this.#kept.push(say);
      if (this.#kept.length > keptMax) this.#connection?.cut();
    };
    return {
      message: (bytes) => {
        this.#note(bytes);
        if (!this.#handedOver) {
          const word = readFirstWord(bytes);
          if (word !== undefined) this.#first.resolve(word);
        }
        tell((sink) => sink.message(bytes));
      },
      heard: () => tell((sink) => sink.heard()),
      drained: () => tell((sink) => sink.drained()),
      closed: (code) => {
        this.#first.reject(new Problem('CHANNEL_LOST'));
        tell((sink) => sink.closed(code));
      },
    };
  }

  #watched(sink: ConnectionSink): ConnectionSink {
    return {
      message: (bytes) => {
        this.#note(bytes);
        sink.message(bytes);
      },
      heard: () => sink.heard(),
      drained: () => sink.drained(),
      closed: (code) => sink.closed(code),
    };
  }

  #note(bytes: Uint8Array): void {
    this.#closedOutput ??= closedOutput(bytes);
  }
}

/** The connection without its first text, which was said already. */
function introduced(connection: Connection): Connection {
  let said = false;
  return {
    binary: (bytes) => connection.binary(bytes),
    text: (text) => {
      if (said) connection.text(text);
      said = true;
    },
    get congested() {
      return connection.congested;
    },
    ping: () => connection.ping(),
    pause: () => connection.pause(),
    resume: () => connection.resume(),
    cut: () => connection.cut(),
  };
}
