export type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Structured log: a fixed message and classified fields. Never put a secret into either. */
export interface Log {
  write(level: LogLevel, message: string, fields?: LogFields): void;
}

/** Discards everything. */
export const noLog: Log = { write: () => undefined };
