import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import type { Product } from './product.ts';
import type { Laptop, Run } from './tunnel.ts';

const patience = { timeout: 60_000, interval: 50 };
const bytes = 12_000_000;
/** So that some ten seconds of the transfer are left to whoever goes on with it. */
const bytesPerSecond = 600_000;

/**
 * A transfer by the machine's scp that is as long as a test needs: it is held (SIGSTOP to scp alone, its ssh and our proxy live on) once it has begun, so that its lease
 * grows old while other tests run, and goes on slowly from there.
 */
export class LongScp {
  readonly laptop: Laptop;
  /** At Session Manager. */
  readonly sessionId: string;
  readonly sent: Buffer;
  readonly #product: Product;
  readonly #run: Run;
  readonly #arrives: string;

  private constructor(
    parts: Pick<LongScp, 'laptop' | 'sessionId' | 'sent'>,
    product: Product,
    run: Run,
    arrives: string,
  ) {
    this.laptop = parts.laptop;
    this.sessionId = parts.sessionId;
    this.sent = parts.sent;
    this.#product = product;
    this.#run = run;
    this.#arrives = arrives;
  }

  /** Begins to bring a file to `host:long`, which is `arrives` on this machine; from a laptop of its own, which goes with it. */
  static async begin(product: Product, host: string, arrives: string, laptop: Laptop): Promise<LongScp> {
    const sent = randomBytes(bytes);
    const file = join(laptop.home, 'long.bin');
    writeFileSync(file, sent);
    expect(await laptop.tunnel(['ssh-config', '--install']).code).toBe(0);
    await product.sandbox.faults({ toAgent: { bytesPerSecond } });
    const run = laptop.run('scp', ['-F', join(laptop.home, '.ssh/config'), '-q', file, `${host}:long`]);
    await vi.waitFor(() => expect(existsSync(arrives)).toBe(true), patience);
    run.child.kill('SIGSTOP');
    await product.sandbox.faults({});
    const started = product.cloudTrail().findLast(({ eventName }) => eventName === 'StartSession');
    const sessionId = String(started?.responseElements?.['sessionId']);
    return new LongScp({ laptop, sessionId, sent }, product, run, arrives);
  }

  /** Goes on, slowly; resolves once more of it arrives. */
  async goOn(): Promise<void> {
    await this.#product.sandbox.faults({ toAgent: { bytesPerSecond } });
    const before = statSync(this.#arrives).size;
    this.#run.child.kill('SIGCONT');
    await expect.poll(() => statSync(this.#arrives).size, patience).toBeGreaterThan(before);
    expect(this.#run.child.exitCode).toBeNull();
  }

  /** Goes on as fast as it can, from the midst of the file; resolves when scp has ended. */
  async end(): Promise<{ readonly code: number; readonly err: string; readonly arrived: Buffer }> {
    expect(statSync(this.#arrives).size).toBeLessThan(bytes);
    await this.#product.sandbox.faults({});
    const code = await this.#run.code;
    return { code, err: this.#run.stderr, arrived: readFileSync(this.#arrives) };
  }
}
