import type { Duplex } from 'node:stream';
import type { AgentSession, StreamId } from '@sallyport/ssm-protocol';

interface Conversation {
  readonly socket: Duplex;
  /** What the wire has not taken yet. */
  rest: Uint8Array | undefined;
  ended: boolean;
}

/** The agent's TCP side: one connection to the destination per stream, with back-pressure both ways. */
export class Conversations {
  readonly #wire: () => AgentSession;
  /** Called after each call into the wire, so that its timer is kept. */
  readonly #afterwards: () => void;
  readonly #open = new Map<StreamId, Conversation>();
  readonly #dialling = new Set<StreamId>();
  #over = false;

  constructor(wire: () => AgentSession, afterwards: () => void) {
    this.#wire = wire;
    this.#afterwards = afterwards;
  }

  /** Takes up a stream once its dial is through. Dials of different streams go on side by side. */
  begin(stream: StreamId, dialling: Promise<Duplex>): void {
    this.#dialling.add(stream);
    void dialling.then(
      (socket) => this.#connected(stream, socket),
      (error: unknown) => {
        if (!this.#dialling.delete(stream) || this.#over) return;
        this.#wire().dialFailed(stream, error instanceof Error ? error.message : String(error));
        this.#afterwards();
      },
    );
  }

  /** Bytes from the client. */
  data(stream: StreamId, bytes: Uint8Array): void {
    const conversation = this.#open.get(stream);
    if (conversation === undefined || conversation.socket.writableEnded) return;
    if (!conversation.socket.write(bytes)) this.#wire().pauseReading(stream);
  }

  /** The client closed the stream: both directions, smux knows no half-close. */
  ended(stream: StreamId): void {
    this.#dialling.delete(stream);
    const conversation = this.#open.get(stream);
    if (conversation === undefined) return;
    this.#open.delete(stream);
    conversation.ended = true;
    const { socket } = conversation;
    socket.end(() => socket.destroy());
  }

  /** The wire takes more of a stream. */
  writable(stream: StreamId): void {
    const conversation = this.#open.get(stream);
    if (conversation !== undefined) this.#offer(stream, conversation);
  }

  /** Cuts every connection. */
  destroy(): void {
    this.#over = true;
    for (const { socket } of this.#open.values()) socket.destroy();
    this.#open.clear();
    this.#dialling.clear();
  }

  #connected(stream: StreamId, socket: Duplex): void {
    // A connection torn down by its peer is the normal end of it; `close` tells the stream.
    socket.on('error', () => undefined);
    if (this.#over || !this.#dialling.delete(stream)) {
      socket.destroy();
      return;
    }
    const conversation: Conversation = { socket, rest: undefined, ended: false };
    this.#open.set(stream, conversation);
    socket.on('data', (bytes: Uint8Array) => {
      conversation.rest = bytes;
      this.#offer(stream, conversation);
      this.#afterwards();
    });
    socket.on('drain', () => {
      if (this.#open.get(stream) !== conversation) return;
      this.#wire().resumeReading(stream);
      this.#afterwards();
    });
    socket.on('end', () => this.#finish(stream, conversation));
    socket.on('close', () => this.#finish(stream, conversation));
    this.#wire().dialed(stream);
    this.#afterwards();
  }

  #offer(stream: StreamId, conversation: Conversation): void {
    const { rest, socket } = conversation;
    if (rest !== undefined) {
      const taken = this.#wire().write(stream, rest);
      conversation.rest = taken < rest.length ? rest.subarray(taken) : undefined;
    }
    if (conversation.rest !== undefined) socket.pause();
    else if (conversation.ended) this.#close(stream, conversation);
    else socket.resume();
  }

  /** The destination is done: the stream ends after what it sent. */
  #finish(stream: StreamId, conversation: Conversation): void {
    if (conversation.ended) return;
    conversation.ended = true;
    if (conversation.rest === undefined) this.#close(stream, conversation);
  }

  #close(stream: StreamId, conversation: Conversation): void {
    if (this.#open.get(stream) !== conversation) return;
    this.#open.delete(stream);
    this.#wire().end(stream);
    this.#afterwards();
    conversation.socket.destroy();
  }
}
