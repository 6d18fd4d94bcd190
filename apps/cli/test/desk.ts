import { afterEach, beforeEach, expect } from 'vitest';
import { ApiDouble, token } from './api-double.ts';
import { Person } from './world-double.ts';

/** A person at their machine, and the control plane that they speak with. */
export interface Desk {
  readonly api: ApiDouble;
  readonly person: Person;
  /** Signs the person in, by the command for it. */
  signedIn(): Promise<void>;
}

/** Gives each test of a file a desk of its own, and clears it away afterwards. */
export function eachTestHas(given: (desk: Desk) => void): void {
  let cleared: () => Promise<void> = async () => undefined;
  beforeEach(async () => {
    const api = await ApiDouble.start();
    const person = await Person.at(api.url);
    cleared = async () => {
      await api.stop();
      await person.leave();
    };
    const signedIn = async () => {
      person.stdin = `${token}\n`;
      expect(await person.types('login', '--token-stdin')).toMatchObject({ code: 0 });
      person.stdin = '';
    };
    given({ api, person, signedIn });
  });
  afterEach(() => cleared());
}
