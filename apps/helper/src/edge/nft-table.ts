import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { Problem } from '@sallyport/problems';
import { replacingLine, tableLine, type EdgePlan } from '@sallyport/tunnel/edge/privileged';
import { missing, programEnvironment, type Programs } from './programs.ts';

/**
 * A table of nftables that lives as long as the `nft -i` behind it: the kernel takes `flags owner` tables away with their maker, whatever ends it,
 * and nobody else may change them meanwhile.
 */
export class NftTable {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #table: string;
  readonly #exited: Promise<unknown>;
  #plan: EdgePlan;
  #revision = 0;
  #said = '';
  #complained = '';
  #heard = () => {};
  /** The program could not even be started. */
  #failed = false;

  private constructor(path: string, plan: EdgePlan) {
    this.#plan = plan;
    this.#table = plan.slot.filterTable;
    this.#child = spawn(path, ['-i'], { stdio: ['pipe', 'pipe', 'pipe'], env: programEnvironment });
    this.#exited = new Promise((resolve) => this.#child.once('close', resolve));
    this.#child.on('error', () => {
      this.#failed = true;
      this.#heard();
    });
    this.#child.on('close', () => this.#heard());
    this.#child.stdin.on('error', () => undefined);
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(0, listingBytesMax);
    });
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complained = (this.#complained + text).slice(-complaintBytesMax);
      this.#heard();
    });
  }

  /** @throws Problem HELPER_PROGRAM_MISSING, HELPER_SYSTEM_REFUSED; nothing stands then. */
  static async make(programs: Programs, plan: EdgePlan): Promise<NftTable> {
    const path = programs.find('nft');
    if (path === null) throw missing('nft');
    const made = new NftTable(path, plan);
    try {
      await made.#send(tableLine(plan, made.#revision));
      return made;
    } catch (cause) {
      await made.close();
      throw cause;
    }
  }

  /** Replaces the rules in one transaction; on refusal the old ones stand. */
  async replace(plan: EdgePlan): Promise<void> {
    this.#revision += 1;
    try {
      await this.#send(replacingLine(plan, this.#plan, this.#revision));
    } catch (cause) {
      this.#revision -= 1;
      throw cause;
    }
    this.#plan = plan;
  }

  async close(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /**
   * Sends one transaction, then asks for the table: the revision's counter in it tells whether the transaction was taken. A table that never
   * exists is asked for last: the complaint about it ends the answer.
   */
  async #send(line: string): Promise<void> {
    this.#said = '';
    this.#complained = '';
    this.#child.stdin.write(`${line}\nlist table inet ${this.#table}\nlist table inet ${this.#table}_end\n`);
    while (!this.#complained.includes(`${this.#table}_end`) && this.#runs())
      await new Promise<void>((resolve) => (this.#heard = resolve));
    // The listing was written before that complaint, but on another pipe: let what lies there be read.
    for (let turn = 0; turn < 3; turn += 1) await setImmediate();
    if (this.#said.includes(`counter revision_${this.#revision} {`)) return;
    const reason = this.#complained.split('\n').find((line) => line !== '') ?? 'it ended';
    throw new Problem('HELPER_SYSTEM_REFUSED', { detail: `nft: ${reason.slice(0, 300)}` });
  }

  #runs(): boolean {
    return !this.#failed && this.#child.exitCode === null && this.#child.signalCode === null;
  }
}

/** Only the beginning of a listing is read, where the counters stand; complaints are kept from their end. */
const listingBytesMax = 64 * 1024;
const complaintBytesMax = 256 * 1024;
