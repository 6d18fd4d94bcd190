/** What an open connection to the message gateway calls back. */
export interface ConnectionSink {
  /** One BINARY message, whole. */
  message(bytes: Uint8Array): void;
  /** Any sign of life that is not a message: ping or pong. */
  heard(): void;
  /** There is room again after {@link Connection.congested} was true. */
  drained(): void;
  /** Gone, with the WebSocket close code (1006 when it just broke). Nothing follows. */
  closed(code: number): void;
}

/** One open WebSocket to the message gateway. */
export interface Connection {
  binary(bytes: Uint8Array): void;
  text(text: string): void;
  /** More is waiting to leave than is sensible; `drained` follows. */
  readonly congested: boolean;
  ping(): void;
  pause(): void;
  resume(): void;
  /** Breaks the connection at once; `closed` still follows. */
  cut(): void;
}

/** Opens connections to the message gateway; tests hand in one that cuts, drops or delays. */
export interface Transport {
  /** Refuses with CHANNEL_REFUSED when the gateway says no, and with SSM_UNREACHABLE when it does not answer. */
  open(
    url: URL,
    headers: Readonly<Record<string, string>>,
    sink: ConnectionSink,
    signal: AbortSignal,
  ): Promise<Connection>;
}
