import { z } from 'zod';
import type { Effects, TimerHandle } from '@sallyport/effects';
import type { Authoriser } from '../authorise/authoriser.ts';
import { AwsError } from '../services/aws-error.ts';
import { operations, trailNames, type Call, type Operation, type Service } from '../services/operation.ts';
import { readInput } from '../services/ssm/read-input.ts';
import type { Instance, World } from '../world/world.ts';

/**
 * What an agent calls beside its channels: its health and platform, and the polls of Run Command, State Manager and inventory,
 * which find nothing here. An empty answer keeps an agent content.
 */

const reportForm = z.object({
  InstanceId: z.string().min(1).max(64),
  AgentVersion: z.string().max(64).optional(),
  PlatformName: z.string().max(128).optional(),
  PlatformVersion: z.string().max(128).optional(),
  ComputerName: z.string().max(256).optional(),
  IPAddress: z.string().max(64).optional(),
});

/** UpdateInstanceInformation: what DescribeInstanceInformation shows of an instance from then on. */
export function updateInstanceInformation(world: World, authoriser: Authoriser): Operation {
  return {
    name: 'UpdateInstanceInformation',
    readOnly: false,
    describe: (input) => trailNames(input) as object,
    async run(raw, call) {
      authoriser.require(call, 'ssm:UpdateInstanceInformation', '*');
      const input = readInput(reportForm, raw);
      const instance = attachedOf(world, call, input.InstanceId);
      const given = {
        agentVersion: input.AgentVersion,
        platformName: input.PlatformName,
        platformVersion: input.PlatformVersion,
        computerName: input.ComputerName,
        address: input.IPAddress,
      };
      const known = Object.fromEntries(
        Object.entries(given).filter(([, value]) => value !== undefined && value !== ''),
      );
      instance.report = { ...instance.report, ...known };
      return { result: {}, trail: null };
    },
  };
}

/** The instance of an agent's own; emulated ones have no agent that could call. */
function attachedOf(world: World, call: Call, id: string): Instance {
  const instance = world.instances.get(id);
  if (
    instance?.agent !== 'attached' ||
    instance.account !== call.caller.account ||
    instance.region !== call.region
  )
    throw AwsError.own('InvalidInstanceId', `The instance ${id} is not one with an agent of its own.`);
  return instance;
}

/** SSM calls of an agent that are answered with nothing: no association, no inventory, no patch is kept here. */
const withoutEffect = [
  'ListInstanceAssociations',
  'ListAssociations',
  'DescribeAssociation',
  'UpdateAssociationStatus',
  'UpdateInstanceAssociationStatus',
  'PutInventory',
  'PutComplianceItems',
  'PutConfigurePackageResult',
  'GetManifest',
  'GetDeployablePatchSnapshotForInstance',
] as const;

/** The SSM calls of agents. */
export function agentCalls(world: World, authoriser: Authoriser): readonly Operation[] {
  return [
    updateInstanceInformation(world, authoriser),
    ...withoutEffect.map((name) => emptyAnswer(name, `ssm:${name}`, authoriser)),
  ];
}

function emptyAnswer(name: string, action: string, authoriser: Authoriser): Operation {
  return {
    name,
    readOnly: true,
    describe: (input) => trailNames(input) as object,
    async run(_input, call) {
      authoriser.require(call, action, '*');
      return { result: {}, trail: null };
    },
  };
}

/** Answers that are held back, as a long poll's. */
export class LongPolls {
  readonly #timers: Effects['timers'];
  readonly #held = new Map<TimerHandle, () => void>();

  constructor({ timers }: Pick<Effects, 'timers'>) {
    this.#timers = timers;
  }

  /** Resolves after `ms`, or when everything ends. */
  hold(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#timers.after(ms, () => {
        this.#held.delete(timer);
        resolve();
      });
      this.#held.set(timer, resolve);
    });
  }

  /** Lets all go. */
  release(): void {
    for (const [timer, resolve] of this.#held) {
      this.#timers.cancel(timer);
      resolve();
    }
    this.#held.clear();
  }
}

/** ec2messages: agents poll it for commands until their control channel has been up for a minute. There are none. */
export function messageDelivery(authoriser: Authoriser, polls: LongPolls, pollMs: number): Service {
  const others = ['AcknowledgeMessage', 'SendReply', 'FailMessage', 'DeleteMessage', 'GetEndpoint'] as const;
  return {
    signingName: 'ec2messages',
    eventSource: 'ec2messages.amazonaws.com',
    operations: operations(
      {
        name: 'GetMessages',
        readOnly: true,
        describe: (input) => trailNames(input) as object,
        async run(_input, call) {
          authoriser.require(call, 'ec2messages:GetMessages', '*');
          await polls.hold(pollMs);
          return { result: {}, trail: null };
        },
      },
      ...others.map((name) => emptyAnswer(name, `ec2messages:${name}`, authoriser)),
    ),
  };
}
