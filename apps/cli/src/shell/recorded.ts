import type { SessionRecorder } from '@sallyport/connect';
import { Problem } from '@sallyport/problems';
import type { ShellRecorder } from '../recording/session-recorder.ts';
import type { Waiting } from '../stories/await-decision.ts';

interface RecordedSession {
  readonly grantId: string;
  readonly name: string;
  /** Of the terminal at the beginning. */
  readonly size: { readonly cols: number; readonly rows: number } | undefined;
}

/**
 * The recording of one session, where its lease demands one; of any other it does nothing and loads nothing. The person is told, and what was recorded is handed over at the
 * end.
 */
export class Recorded implements SessionRecorder {
  readonly #asking: Waiting;
  readonly #session: RecordedSession;
  readonly #idle: () => void;
  readonly #unwritten = new AbortController();
  #recorder: ShellRecorder | undefined;

  /** `idle`: what waited to be written has been. */
  constructor(asking: Waiting, session: RecordedSession, idle: () => void) {
    this.#asking = asking;
    this.#session = session;
    this.#idle = idle;
  }

  /** Aborts, with RECORDING_NOT_WRITTEN, when nothing can be recorded any more: then the session ends. */
  get unwritten(): AbortSignal {
    return this.#unwritten.signal;
  }

  async begin(recipients: readonly string[]): Promise<void> {
    if (recipients.length === 0)
      throw new Problem('SESSION_RECORDING_UNAVAILABLE', {
        detail: 'The session is to be recorded, and the control plane named no key of the auditors.',
      });
    const { world, server, printer } = this.#asking;
    const [{ ShellRecorder: Recorder }, { recordedLine }] = await Promise.all([
      import('../recording/session-recorder.ts'),
      import('../recording/tell.ts'),
    ]);
    const recorder = new Recorder(
      world,
      { server: server.address.origin, ...this.#session },
      {
        began: () => printer.say(recordedLine),
        failed: (problem) => this.#unwritten.abort(problem),
        idle: this.#idle,
      },
    );
    await recorder.begin(recipients);
    this.#recorder = recorder;
  }

  opened(sessionId: string): void {
    this.#recorder?.opened(sessionId);
  }

  /** Records what is shown; whether more should wait until it is written. */
  output(bytes: Uint8Array): boolean {
    this.#recorder?.output(bytes);
    return this.#recorder?.busy === true;
  }

  resize(size: { readonly cols: number; readonly rows: number }): void {
    this.#recorder?.resize(size);
  }

  /** Ends it and hands it over; never fails. */
  async handOver(): Promise<void> {
    const ids = await this.#recorder?.finish();
    if (ids === undefined || ids.length === 0) return;
    const { tellOwn } = await import('../recording/tell.ts');
    await tellOwn(this.#asking, ids);
  }
}
