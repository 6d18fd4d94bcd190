import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateKeyPair, PublicKey, trust, type PrivateKey } from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';
import { z } from 'zod';
import { ask } from '../node/http-control-plane.ts';
import type { TrustedSet } from '../trust.ts';
import { invalid } from './configuration.ts';

const Enrolment = z.strictObject({
  agentId: z.string().min(1).max(128),
  issuer: z.string().min(1).max(256),
  serial: z.int().min(0),
  keys: z.array(PublicKey).min(1).max(2),
});
export type Enrolment = z.infer<typeof Enrolment>;

const Key = PublicKey.extend({ d: z.string().regex(/^[A-Za-z0-9_-]{43}$/) });
const Answer = z.object({
  agentId: z.string(),
  issuer: z.string(),
  keys: z.array(PublicKey.loose()),
});

/** What an agent keeps of its enrolment: its own key (0600), its name, and whose signatures it obeys. */
export class EnrolmentStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  get keyPath(): string {
    return join(this.folder, 'agent-key.json');
  }

  /** Undefined before the first enrolment. Refuses AGENT_CONFIGURATION_INVALID when the file has not the form. */
  read(): Enrolment | undefined {
    const text = readOrNothing(join(this.folder, 'enrolment.json'));
    if (text === undefined) return undefined;
    const read = Enrolment.safeParse(JSON.parse(text));
    if (!read.success) throw invalid('The enrolment on disk has not the agreed form; enrol again.');
    return read.data;
  }

  write(enrolment: Enrolment): void {
    writeWhole(join(this.folder, 'enrolment.json'), `${JSON.stringify(enrolment, null, 2)}\n`);
  }

  /** Keys that a rotation moved. */
  saveKeys(set: TrustedSet): void {
    const known = this.read();
    if (known !== undefined) this.write({ ...known, serial: set.serial, keys: [...set.keys] });
  }

  /** The agent's own key, made at the first call. Refuses as {@link readKey}. */
  async key(): Promise<PrivateKey> {
    const known = this.readKey();
    if (known !== undefined) return known;
    const { privateKey } = await generateKeyPair();
    writeWhole(this.keyPath, `${JSON.stringify(privateKey)}\n`);
    return privateKey;
  }

  /** The agent's own key, if it was made. Refuses AGENT_CONFIGURATION_INVALID when others may read it, or when it is none. */
  readKey(): PrivateKey | undefined {
    const text = readOrNothing(this.keyPath);
    if (text === undefined) return undefined;
    if ((statSync(this.keyPath).mode & 0o077) !== 0)
      throw invalid(`${this.keyPath} can be read by others: its key is no secret any more. Enrol again.`);
    const read = Key.safeParse(JSON.parse(text));
    if (!read.success) throw invalid(`${this.keyPath} holds no Ed25519 key.`);
    return read.data;
  }
}

/**
 * Enrols this agent with a one-time join token, which the control plane bound to the instance. Refuses SERVER_UNREACHABLE with what the
 * control plane answered, and SIGNED_TOKEN_MALFORMED for keys that are none.
 */
export async function enrol(
  store: EnrolmentStore,
  by: { controlPlane: string; instanceId: string; joinToken: string },
  signal: AbortSignal,
): Promise<Enrolment> {
  const { kty, crv, x } = await store.key();
  const base = by.controlPlane.replace(/\/$/, '');
  const answer = Answer.safeParse(
    await ask(new URL(`${base}/api/agents/enrolments`), signal, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        joinToken: by.joinToken,
        instanceId: by.instanceId,
        publicKey: { kty, crv, x },
      }),
    }),
  );
  if (!answer.success) throw new Problem('SERVER_ANSWER_UNREADABLE', { cause: answer.error });
  const keys = [...(await trust(answer.data.keys)).values()];
  const enrolment = { agentId: answer.data.agentId, issuer: answer.data.issuer, serial: 0, keys };
  store.write(enrolment);
  return enrolment;
}

/** Written whole or not at all, for this user alone. */
function writeWhole(path: string, text: string): void {
  const unfinished = `${path}.new`;
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, text, { mode: 0o600, flag: 'wx' });
  renameSync(unfinished, path);
}

function readOrNothing(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw invalid(`${path} cannot be read.`, cause);
  }
}
