/** A host that tells and changes accounts as its script does, without running it. */
import type { OwnAccount } from '@sallyport/catalog';
import type { HostAnswer, HostOrder } from '../platform/aws/provisioner/host-provisioner.ts';
import { sha256Hex } from '../platform/aws/sha256.ts';

export class EmulatedHost {
  readonly accounts = new Map<string, Omit<OwnAccount, 'name' | 'processes'>>();
  /** Lines beside them, such as those of files of keys. */
  meanwhile: string[] = [];
  readonly orders: HostOrder[] = [];

  answer = (order: HostOrder): Promise<HostAnswer> => {
    this.orders.push(order);
    if (order.action === 'facts') return Promise.resolve({ code: 0, output: this.#told() });
    if (order.expect !== sha256Hex(this.#stable()))
      return Promise.resolve({ code: 73, output: `sallyport-error changed\n${this.#told()}` });
    const done = order.steps.split(' ').map((step) => `${this.#take(step)} ${step}\n`);
    return Promise.resolve({ code: 0, output: done.join('') + this.#told() });
  };

  #take(step: string): string {
    const [kind = '', name = '', ...rest] = step.split(':');
    const personId = rest.at(-1) ?? '';
    const known = this.accounts.get(name);
    if (kind === 'create') this.accounts.set(name, { uid: Number(rest[0]), personId, state: 'open' });
    else if (known?.personId !== personId) return 'sallyport-failed 65';
    else this.accounts.set(name, { ...known, state: kind === 'unlock' ? 'open' : 'locked' });
    return 'sallyport-done';
  }

  #stable(): string {
    const lines = [...this.accounts].map(
      ([name, { uid, personId, state }]) => `account ${name} ${uid} ${personId} ${state}`,
    );
    return ['sallyport-facts 1', ...lines.sort(), 'uids root:0', 'groups root', 'homes', ''].join('\n');
  }

  #told(): string {
    return `${this.#stable()}${['meanwhile', ...this.meanwhile, 'end', ''].join('\n')}`;
  }
}
