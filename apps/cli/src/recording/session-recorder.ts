import type { SessionRecorder } from '@sallyport/connect';
import { Problem } from '@sallyport/problems';
import { recordingBytesMax, RecordingWriter, type CastHead } from '@sallyport/recording';
import { startOfProcess } from '../local/process-identity.ts';
import type { World } from '../world.ts';
import { removeRecording, SpoolFile, writeHead, type SpooledHead } from './spool.ts';

/** What was shown and is not on disk yet stays below this, or the far side is held up. */
const openBytesMax = 1024 * 1024;
const openBytesLow = 256 * 1024;
/** What was shown longer ago than this outlives a killed process. */
const checkpointMs = 1_000;
/** A longer session becomes several recordings, so that each fits what the control plane takes. */
const partBytesMax = recordingBytesMax - 4 * 1024 * 1024;
/** What the control plane takes of one session. */
const partsMax = 16;

export interface RecorderFacts {
  readonly server: string;
  readonly grantId: string;
  readonly name: string;
  /** Of the terminal at the beginning; undefined without one. */
  readonly size: { readonly cols: number; readonly rows: number } | undefined;
  /** A part that grew to so many bytes is followed by another. */
  readonly partBytesMax?: number;
}

export interface RecorderEvents {
  /** It begins: the person is to know. */
  began(): void;
  /** Nothing can be recorded any more. */
  failed(problem: Problem): void;
  /** What is waiting has been written: more may be shown. */
  idle(): void;
}

/** One file of a recorded session. */
interface Part {
  head: SpooledHead;
  readonly file: SpoolFile;
  readonly writer: RecordingWriter;
  /** Monotonic clock at its beginning. */
  readonly since: number;
}

/**
 * Records one session into the state folder, encrypted as it comes, and tells when it cannot. The files are handed over by whoever finds them
 * when their writer is done.
 */
export class ShellRecorder implements SessionRecorder {
  readonly #world: World;
  readonly #facts: RecorderFacts;
  readonly #events: RecorderEvents;
  readonly #ids: string[] = [];
  #recipients: readonly string[] = [];
  #part: Part | undefined;
  #size: { readonly cols: number; readonly rows: number };
  #sessionId: string | null = null;
  #checkpoint: ReturnType<World['effects']['timers']['after']> | undefined;
  #turning: Promise<void> | undefined;
  #heads: Promise<void> = Promise.resolve();
  #busy = false;
  #failed: Problem | undefined;

  constructor(world: World, facts: RecorderFacts, events: RecorderEvents) {
    this.#world = world;
    this.#facts = facts;
    this.#events = events;
    this.#size = facts.size ?? { cols: 80, rows: 24 };
  }

  /** Whether a session is recorded. */
  get records(): boolean {
    return this.#part !== undefined;
  }

  /** More waits to be written than should; `idle` follows. */
  get busy(): boolean {
    return this.#busy;
  }

  async begin(recipients: readonly string[]): Promise<void> {
    this.#recipients = recipients;
    try {
      this.#part = await this.#newPart();
    } catch (cause) {
      await this.#remove();
      throw cause instanceof Problem && cause.code === 'RECORDING_RECIPIENT_INVALID'
        ? cause
        : notWritten(cause);
    }
    this.#events.began();
  }

  opened(sessionId: string): void {
    this.#sessionId = sessionId;
    if (this.#part) void this.#note(this.#part, { sessionId });
  }

  output(bytes: Uint8Array): void {
    const part = this.#part;
    if (!part) return;
    part.writer.output(bytes, this.#elapsed(part));
    this.#written(part);
  }

  resize(size: { readonly cols: number; readonly rows: number }): void {
    const same = size.cols === this.#size.cols && size.rows === this.#size.rows;
    this.#size = { ...size };
    if (!this.#part || same) return;
    this.#part.writer.resize(size, this.#elapsed(this.#part));
    this.#written(this.#part);
  }

  /** Ends it; resolves with the ids of what was recorded, once it can be handed over. Never fails: `failed` has told. */
  async finish(): Promise<readonly string[]> {
    if (this.#checkpoint) this.#world.effects.timers.cancel(this.#checkpoint);
    await this.#turning;
    if (this.#part) await this.#end(this.#part);
    await this.#heads;
    // Nothing was opened: nothing is missing.
    if (this.#sessionId !== null || this.#part === undefined) return this.#ids;
    await this.#remove();
    return [];
  }

  #elapsed({ since }: Part): number {
    return this.#world.effects.clock.monotonic() - since;
  }

  #written(part: Part): void {
    if (part.writer.openBytes > openBytesMax) this.#busy = true;
    this.#checkpoint ??= this.#world.effects.timers.after(checkpointMs, () => {
      this.#checkpoint = undefined;
      void this.#part?.writer.checkpoint();
    });
    if (part.file.bytes + part.writer.openBytes > (this.#facts.partBytesMax ?? partBytesMax) && !this.#failed)
      this.#turning ??= this.#turn(part).finally(() => (this.#turning = undefined));
  }

  /** The next part begins before the last one ends: what is shown meanwhile still goes into the last. */
  async #turn(last: Part): Promise<void> {
    try {
      if (this.#ids.length === partsMax)
        throw new Problem('RECORDING_NOT_WRITTEN', {
          detail: 'The session has shown more than can be recorded of one, so it was ended.',
        });
      this.#part = await this.#newPart();
      await this.#end(last);
    } catch (error) {
      this.#failedWith(error);
    }
  }

  async #newPart(): Promise<Part> {
    const world = this.#world;
    const id = world.effects.random.uuid();
    const now = world.effects.clock.now();
    const { server, grantId, name } = this.#facts;
    const head: SpooledHead = {
      ...{ version: 1, id, server, grantId, name, sessionId: this.#sessionId },
      ...{ pid: world.pid, processStart: (await startOfProcess(world.pid)) ?? null },
      ...{ startedAt: new Date(now).toISOString(), endedAt: null, complete: false, notBefore: null },
    };
    this.#ids.push(id);
    await writeHead(world, head);
    const file = await SpoolFile.create(world, id, () => this.#appended());
    const writer = await RecordingWriter.begin(this.#recipients, this.#castHead(now), file);
    void writer.failed.then((error) => this.#failedWith(error));
    return { head, file, writer, since: world.effects.clock.monotonic() };
  }

  #castHead(now: number): CastHead {
    const { name, size } = this.#facts;
    const nth = this.#ids.length;
    const title = nth > 1 ? `${name} (${nth})` : name;
    const env = { TERM: size ? (this.#world.env['TERM'] ?? 'xterm-256color') : 'dumb' };
    return { width: this.#size.cols, height: this.#size.rows, timestamp: Math.floor(now / 1000), title, env };
  }

  #appended(): void {
    if (!this.#busy || (this.#part?.writer.openBytes ?? 0) > openBytesLow) return;
    this.#busy = false;
    this.#events.idle();
  }

  async #end(part: Part): Promise<void> {
    const endedAt = new Date(this.#world.effects.clock.now()).toISOString();
    const complete = await part.writer.end(this.#elapsed(part)).then(
      () => true,
      () => false,
    );
    await part.file.close().catch(() => undefined);
    await this.#note(part, { endedAt, complete });
  }

  /** Of a head that cannot be written its recording is handed over as one without its end. */
  #note(part: Part, change: Partial<SpooledHead>): Promise<void> {
    part.head = { ...part.head, sessionId: this.#sessionId, ...change };
    const { head } = part;
    return (this.#heads = this.#heads.then(() => writeHead(this.#world, head)).catch(() => undefined));
  }

  #failedWith(error: unknown): void {
    if (this.#failed) return;
    this.#failed =
      error instanceof Problem && error.code === 'RECORDING_NOT_WRITTEN' ? error : notWritten(error);
    this.#busy = false;
    this.#events.failed(this.#failed);
  }

  async #remove(): Promise<void> {
    for (const id of this.#ids.splice(0)) await removeRecording(this.#world, id).catch(() => undefined);
  }
}

function notWritten(cause: unknown): Problem {
  const { code } = (cause instanceof Problem ? cause.occurrence.cause : cause) as { code?: string };
  const why = code === 'ENOSPC' || code === 'EFBIG' || code === 'EDQUOT' ? 'there is no room left' : code;
  return new Problem('RECORDING_NOT_WRITTEN', {
    detail: `What the session shows could not be recorded${why ? ` (${why})` : ''}, so it was ended.`,
    cause,
  });
}
