import { join } from 'node:path';
import type { Effects } from '@sallyport/effects';
import type { Trail } from '../../cloudtrail/trail.ts';
import type { SsmSession } from '../../gateway/ssm-session.ts';
import type { EncryptionContext, KeyRing } from '../../services/kms/key-ring.ts';
import type { Instance } from '../../world/world.ts';
import { callerOfInstance } from './instance-identity.ts';
import { accountsOf, type OsUser } from './os-users.ts';
import { startProgram, type Program, type ProgramOrder, type ProgramSink } from './program.ts';
import { SessionLog } from './session-log.ts';
import type { SessionInputs } from './session-order.ts';

export interface HouseParts {
  /** The sandbox's own folder: homes, accounts and logs are kept in it. */
  readonly folder: string;
  readonly keys: KeyRing;
  readonly trail: Trail;
  readonly effects: Effects;
}

/** What the agents of all instances share: the programs that run, the calls that they make to AWS, and where logs go. */
export class ProgramHouse {
  readonly #parts: HouseParts;
  readonly #running = new Map<Program, { readonly instanceId: string; readonly user: string }>();
  readonly #deliveries = new Set<Promise<void>>();
  #closed = false;

  constructor(parts: HouseParts) {
    this.#parts = parts;
  }

  randomBytes(length: number): Uint8Array {
    return this.#parts.effects.random.bytes(length);
  }

  /** Starts a program; it ends with this house at the latest. */
  async start(order: Omit<ProgramOrder, 'folder' | 'effects'>, sink: ProgramSink): Promise<Program> {
    const { folder, effects } = this.#parts;
    const held: { program?: Program; over?: true } = {};
    const program = await startProgram(
      { ...order, folder, effects },
      {
        ...sink,
        ended: (code) => {
          held.over = true;
          if (held.program !== undefined) this.#running.delete(held.program);
          sink.ended(code);
        },
      },
    );
    held.program = program;
    const whose = { instanceId: order.instance.id, user: order.user.name };
    if (held.over === undefined) this.#running.set(program, whose);
    if (this.#closed) await program.kill();
    return program;
  }

  /** The accounts of an instance. */
  accountsOf(instance: Instance): readonly OsUser[] {
    return accountsOf(this.#parts.folder, instance);
  }

  /** Ends what an account runs on an instance. */
  async endOf(instanceId: string, user: string): Promise<void> {
    const its = [...this.#running].filter(
      ([, whose]) => whose.instanceId === instanceId && whose.user === user,
    );
    await Promise.all(its.map(([program]) => program.kill()));
  }

  logOf(session: SsmSession, inputs: SessionInputs, runAs: string): Pick<SessionLog, 'wrote' | 'deliver'> {
    const { folder, trail, effects } = this.#parts;
    const log = new SessionLog(session, inputs, runAs, { folder: join(folder, 'logs'), trail, effects });
    return {
      wrote: (bytes) => log.wrote(bytes),
      deliver: () => {
        const delivery = log.deliver().catch((error: unknown) => {
          effects.log.write('warn', 'a session log was not written', { reason: String(error) });
        });
        this.#deliveries.add(delivery);
        return delivery.finally(() => this.#deliveries.delete(delivery));
      },
    };
  }

  /** The agent's Decrypt of a client's data key, by the right of its instance. A text is the refusal as the official agent words it. */
  decryptAs(
    instance: Instance,
    region: string,
    asked: { readonly keyId: string; readonly ciphertext: Uint8Array; readonly context: EncryptionContext },
  ): Uint8Array | string {
    const caller = callerOfInstance(instance);
    const { keys, trail, effects } = this.#parts;
    const opened = instance.mayDecrypt ? keys.decrypt(asked.ciphertext, asked.context) : undefined;
    const error = !instance.mayDecrypt
      ? {
          code: 'AccessDenied',
          message: `User: ${caller.arn} is not authorized to perform: kms:Decrypt on resource: ${asked.keyId} because no identity-based policy allows the kms:Decrypt action`,
        }
      : opened === undefined
        ? { code: 'InvalidCiphertextException', message: 'null' }
        : undefined;
    trail.append({
      caller,
      eventSource: 'kms.amazonaws.com',
      eventName: 'Decrypt',
      region,
      sourceIp: instance.address,
      userAgent: 'amazon-ssm-agent',
      requestId: effects.random.uuid(),
      readOnly: true,
      requestParameters: { keyId: asked.keyId, encryptionContext: asked.context },
      responseElements: null,
      error,
    });
    if (error !== undefined || opened === undefined) {
      const code = error?.code === 'AccessDenied' ? 'AccessDeniedException' : error?.code;
      return `Unable to retrieve data key, Error when decrypting data key ${code}: ${error?.message}`;
    }
    return opened;
  }

  /** Ends every program with what it started, and waits for logs. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#running.keys()].map((program) => program.kill()));
    await Promise.all(this.#deliveries);
  }
}
