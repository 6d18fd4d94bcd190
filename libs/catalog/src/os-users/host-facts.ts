import { Problem } from '@sallyport/problems';

/** An account that Sallyport made on a host, told by its mark and its group. */
export interface OwnAccount {
  readonly name: string;
  readonly uid: number;
  readonly personId: string;
  /** `locked`: as leaving locks it; `closed`: locked or expired in another way, so by somebody else. */
  readonly state: 'open' | 'locked' | 'closed';
  /** Its processes; what it runs at this moment. */
  readonly processes: number;
}

/** A file of keys that let somebody in for as long as it stands. */
export interface KeyFile {
  /** The account whose home holds it; null where no account has that home. */
  readonly owner: string | null;
  readonly keys: number;
  readonly path: string;
}

/** What a host tells of its accounts. */
export interface HostFacts {
  /** The lines that a plan rests on; a host that tells others has changed. */
  readonly text: string;
  readonly own: readonly OwnAccount[];
  /** Every other account, with its number. */
  readonly others: ReadonlyMap<string, number>;
  readonly groups: ReadonlySet<string>;
  /** Names below /home that are no account's. */
  readonly homes: ReadonlySet<string>;
  readonly keyFiles: readonly KeyFile[];
}

const account = /^account ([a-z_][a-z0-9_-]{0,30}) (\d{1,10}) (prs_[0-9A-Z]{26}) (open|locked|closed)$/;
const processes = /^processes ([a-z_][a-z0-9_-]{0,30}) (\d{1,7})$/;
const keys = /^keys ([A-Za-z0-9._-]{1,64}) (\d{1,7}) ([\w./@+?-]{1,300})$/;

const first = 'sallyport-facts 1';
/** After it comes what changes by itself. */
const divider = 'meanwhile';
const last = 'end';

/**
 * Reads what the document printed, from its last `sallyport-facts` line on: after changes the facts are told again.
 * Throws Problem OS_USERS_FACTS_UNREADABLE for anything that is not whole or not of its form.
 */
export function parseHostFacts(output: string): HostFacts {
  const from = output.lastIndexOf(`${first}\n`);
  const lines = from < 0 ? [] : output.slice(from).trimEnd().split('\n');
  const middle = lines.indexOf(divider);
  if (middle < 0 || lines.at(-1) !== last) throw unreadable('The answer of the host is not whole.');
  const stable = lines.slice(0, middle);
  const running = new Map<string, number>();
  const keyFiles: KeyFile[] = [];
  for (const line of lines.slice(middle + 1, -1)) {
    const [, name = '', count = ''] = processes.exec(line) ?? [];
    if (name !== '') running.set(name, Number(count));
    else keyFiles.push(keyFileOf(line));
  }
  const own: OwnAccount[] = [];
  for (const line of stable.filter((text) => text.startsWith('account '))) own.push(accountOf(line, running));
  return {
    text: `${stable.join('\n')}\n`,
    own,
    others: numbersOf(words(stable, 'uids')),
    groups: new Set(words(stable, 'groups')),
    homes: new Set(words(stable, 'homes')),
    keyFiles,
  };
}

function accountOf(line: string, running: ReadonlyMap<string, number>): OwnAccount {
  const [whole, name = '', uid = '', personId = '', state = ''] = account.exec(line) ?? [];
  if (whole === undefined) throw unreadable('An account is not told in its form.');
  return {
    name,
    uid: Number(uid),
    personId,
    state: state as OwnAccount['state'],
    processes: running.get(name) ?? 0,
  };
}

function keyFileOf(line: string): KeyFile {
  const [whole, owner = '', count = '', path = ''] = keys.exec(line) ?? [];
  if (whole === undefined) throw unreadable('A file of keys is not told in its form.');
  return { owner: owner === '-' ? null : owner, keys: Number(count), path };
}

function words(lines: readonly string[], title: string): string[] {
  const found = lines.find((line) => line === title || line.startsWith(`${title} `));
  if (found === undefined) throw unreadable(`The host does not tell its ${title}.`);
  return found.split(' ').slice(1).filter(Boolean);
}

function numbersOf(pairs: readonly string[]): Map<string, number> {
  return new Map(
    pairs.map((pair) => {
      const cut = pair.lastIndexOf(':');
      return [pair.slice(0, cut), Number(pair.slice(cut + 1))];
    }),
  );
}

function unreadable(detail: string): Problem {
  return new Problem('OS_USERS_FACTS_UNREADABLE', { detail });
}
