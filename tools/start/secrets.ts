import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** What the API is told about a person of the sandbox. */
export interface Account {
  readonly name: string;
  readonly email: string;
  readonly password: string;
  readonly token: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
}

/** Random per installation; survives restarts. Mode 0600. */
export interface Secrets {
  readonly database: { readonly superuser: string; readonly owner: string; readonly application: string };
  readonly accounts: readonly Account[];
  readonly sandboxPort: number;
}

const people: readonly Pick<Account, 'name' | 'roles' | 'groups'>[] = [
  { name: 'engineer', roles: ['engineer'], groups: ['engineers'] },
  {
    name: 'approver',
    roles: ['engineer', 'approver'],
    groups: ['engineers', 'db-owners', 'production-owners'],
  },
  { name: 'admin', roles: ['engineer', 'admin'], groups: ['engineers', 'admins'] },
  { name: 'auditor', roles: ['auditor'], groups: ['auditors'] },
  { name: 'outsider', roles: ['engineer'], groups: ['contractors'] },
];

/** The form of a personal access token: a prefix that secret scanners can find, then 256 random bits. */
export const newToken = (): string => `slp_${randomBytes(32).toString('base64url')}`;

/** Reads the installation's secrets, making them on the first start. */
export async function installationSecrets(dataDir: string): Promise<Secrets> {
  const path = join(dataDir, 'secrets.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as Secrets;
  const password = () => randomBytes(24).toString('base64url');
  const made: Secrets = {
    database: { superuser: password(), owner: password(), application: password() },
    accounts: people.map((person) => ({
      ...person,
      email: `${person.name}@example.com`,
      password: randomBytes(9).toString('base64url'),
      token: newToken(),
    })),
    sandboxPort: await freePort(),
  };
  writePrivate(path, made);
  return made;
}

/** Writes JSON that only its owner may read, all or nothing. */
export function writePrivate(path: string, value: unknown): void {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2) + '\n';
  writeFileSync(`${path}.new`, text, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** A TCP port of the loopback interface that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
