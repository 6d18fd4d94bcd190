import { GetCommandInvocationCommand, SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm';
import { renderOsUsersDocument } from '@sallyport/catalog';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import { attempts, clientSettings } from '../client-settings.ts';
import { awsProblem } from '../foreign-error.ts';
import { sha256Hex } from '../sha256.ts';
import { SpokeCredentials } from '../spoke-credentials.ts';
import type { Spokes } from '../spokes.ts';
import { HostProvisioner, type HostAnswer, type HostOrder } from './host-provisioner.ts';

/** A host that has not answered by then is given up; principals' answers are waited for 30 s in all. */
const patienceMs = 25_000;
const firstLookMs = 150;
const longestLookMs = 1_000;
/** Systems Manager takes nothing shorter; a host that comes back later must not carry out an old plan. */
const deliverySeconds = 30;

const unfinished = new Set(['Pending', 'InProgress', 'Delayed', 'Cancelling']);

/** Runs the document by Run Command, as it was rendered: AWS refuses one of another hash. */
export class SsmHostProvisioner extends HostProvisioner {
  readonly #spokes: Spokes;
  readonly #effects: Pick<Effects, 'clock' | 'timers'>;
  readonly #credentials: SpokeCredentials;
  readonly #clients = new Map<string, SSMClient>();
  readonly #document = renderOsUsersDocument(sha256Hex);

  constructor(spokes: Spokes, effects: Pick<Effects, 'clock' | 'timers'>) {
    super();
    this.#spokes = spokes;
    this.#effects = effects;
    this.#credentials = new SpokeCredentials(
      'provisioner',
      ({ roles }) => {
        if (roles.provision === null) throw new Problem('AWS_TARGET_UNKNOWN');
        return roles.provision;
      },
      effects.clock,
    );
  }

  async run(order: HostOrder): Promise<HostAnswer> {
    const { accountId, region, instanceId: InstanceId, action, expect, steps } = order;
    const client = this.#client(accountId, region);
    const { name, sha256 } = this.#document;
    try {
      const { Command } = await client.send(
        new SendCommandCommand({
          InstanceIds: [InstanceId],
          DocumentName: name,
          DocumentHash: sha256,
          DocumentHashType: 'Sha256',
          TimeoutSeconds: deliverySeconds,
          Comment: `Sallyport: ${action}`,
          Parameters: { action: [action], expect: [expect], steps: [steps] },
        }),
      );
      if (!Command?.CommandId) throw new Problem('AWS_ANSWER_LOST');
      return await this.#outcome(client, { CommandId: Command.CommandId, InstanceId });
    } catch (error) {
      const { name: said } = error as { name?: string };
      if (said === 'InvalidInstanceId' || said === 'InvalidDocument')
        throw new Problem('OS_USERS_HOST_UNREADY', { detail: `AWS answered ${said}.`, cause: error });
      throw awsProblem(error);
    }
  }

  async #outcome(client: SSMClient, asked: { CommandId: string; InstanceId: string }): Promise<HostAnswer> {
    const { clock } = this.#effects;
    const until = clock.now() + patienceMs;
    for (let wait = firstLookMs; clock.now() < until; wait = Math.min(longestLookMs, wait * 2)) {
      await this.#pause(wait);
      const seen = await client.send(new GetCommandInvocationCommand(asked)).catch((error: unknown) => {
        // It is told of a moment after it was sent.
        if ((error as { name?: string }).name === 'InvocationDoesNotExist') return undefined;
        throw error;
      });
      if (seen === undefined || unfinished.has(seen.Status ?? 'Pending')) continue;
      if (seen.Status !== 'Success' && seen.Status !== 'Failed')
        throw new Problem('OS_USERS_HOST_UNREADY', { detail: `The command ended as ${seen.Status}.` });
      return { code: seen.ResponseCode ?? 1, output: seen.StandardOutputContent ?? '' };
    }
    throw new Problem('OS_USERS_HOST_UNREADY', { detail: 'The host did not answer in time.' });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#effects.timers.after(ms, resolve));
  }

  #client(accountId: string, region: string): SSMClient {
    const key = `${accountId}/${region}`;
    const kept = this.#clients.get(key);
    if (kept) return kept;
    const credentials = this.#credentials.of(this.#spokes.account(accountId, region), region);
    const settings = clientSettings({
      principal: 'provisioner',
      region,
      credentials,
      maxAttempts: attempts.reading,
    });
    const client = new SSMClient(settings);
    this.#clients.set(key, client);
    return client;
  }
}
