import { Injectable } from '@nestjs/common';
import { Problem } from '@sallyport/problems';

/** What must work before the API can serve; whoever owns such a thing adds its check at start. */
@Injectable()
export class Readiness {
  readonly #checks = new Map<string, () => Promise<void>>();

  /** `check` resolves when the thing works and rejects when it does not. */
  add(name: string, check: () => Promise<void>): void {
    this.#checks.set(name, check);
  }

  /** The names of what works; refuses with SERVER_NOT_READY, naming what does not. */
  async demand(): Promise<string[]> {
    const results = await Promise.all(
      [...this.#checks].map(async ([name, check]) => ({ name, works: await check().then(...yesOrNo) })),
    );
    const broken = results.filter(({ works }) => !works).map(({ name }) => name);
    if (broken.length > 0)
      throw new Problem('SERVER_NOT_READY', { detail: `Does not work: ${broken.join(', ')}.` });
    return results.map(({ name }) => name);
  }
}

const yesOrNo = [() => true, () => false] as const;
