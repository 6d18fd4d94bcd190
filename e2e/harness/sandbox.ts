import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Installation } from '../../tools/start/installation.ts';

/** The switches of AWS in a box that only exist under `--control`. */
export class Sandbox {
  readonly #installation: Installation;
  constructor(installation: Installation) {
    this.#installation = installation;
  }

  /** Moves the clock of the emulated AWS; machines of the product keep theirs. */
  advanceClock(seconds: number): Promise<void> {
    return this.#send('POST', 'clock', { advanceSeconds: seconds });
  }
  resetClock(): Promise<void> {
    return this.#send('POST', 'clock', { offsetSeconds: 0 });
  }
  /** Sets the fault knobs of the message gateway; `{}` clears them. */
  faults(knobs: Record<string, unknown>): Promise<void> {
    return this.#send('PUT', 'faults', knobs);
  }
  /** Things that happen once, such as `kill`, `restartAgent`, `restartGateway`; the knobs stay as they are. */
  event(what: Record<string, unknown>): Promise<void> {
    return this.#send('POST', 'events', what);
  }
  /** Lines of authorized_keys that Instance Connect has pushed for a user of an instance and that have not run out. */
  async pushedKeys(id: string, user: string): Promise<readonly string[]> {
    const { keys } = (await this.#ask('GET', `instances/${id}/pushed-keys/${user}`)) as { keys: string[] };
    return keys;
  }
  instance(
    id: string,
    change: { online?: boolean; mayDecrypt?: boolean; tags?: Record<string, string> },
  ): Promise<void> {
    return this.#send('PUT', `instances/${id}`, change);
  }

  async #send(method: string, path: string, body: unknown): Promise<void> {
    await this.#ask(method, path, body);
  }

  async #ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const { awsEndpoint, dataDir } = this.#installation;
    const { secret } = JSON.parse(readFileSync(join(dataDir, 'sandbox/control.json'), 'utf8')) as {
      secret: string;
    };
    const answer = await fetch(`${awsEndpoint}/_sandbox/${path}`, {
      method,
      headers: { 'content-type': 'application/json', 'x-sandbox-control': secret },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  }
}
