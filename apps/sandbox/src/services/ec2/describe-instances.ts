import { z } from 'zod';
import type { Authoriser } from '../../authorise/authoriser.ts';
import { uniqueId } from '../../principals/unique-id.ts';
import type { Instance, World } from '../../world/world.ts';
import { AwsError } from '../aws-error.ts';
import { operations, type Operation, type Service } from '../operation.ts';

const form = z.object({
  InstanceId: z.array(z.string()).max(1000).optional(),
  Filter: z
    .array(z.object({ Name: z.string(), Value: z.array(z.string()).min(1).max(200) }))
    .max(50)
    .optional(),
  MaxResults: z
    .string()
    .regex(/^\d{1,4}$/)
    .optional(),
  NextToken: z.string().max(20).optional(),
});

/** DescribeInstances with ids, filters (`tag:KEY`, `tag-key`, `instance-id`, `instance-state-name`, ...) and pages. */
export function describeInstances(world: World, authoriser: Authoriser): Operation {
  return {
    name: 'DescribeInstances',
    readOnly: true,
    describe: ({ InstanceId: ids, Filter: filterSet }) => ({
      instancesSet: { items: (Array.isArray(ids) ? ids : []).map((instanceId: unknown) => ({ instanceId })) },
      filterSet: filterSet ?? {},
    }),
    async run(raw, call) {
      authoriser.require(call, 'ec2:DescribeInstances', '*');
      const read = form.safeParse(raw);
      if (!read.success) throw AwsError.own('InvalidParameterValue', 'A parameter of the call is not valid.');
      const {
        InstanceId: ids,
        Filter: filters = [],
        MaxResults: max = '1000',
        NextToken: after = '',
      } = read.data;
      const seen = [...world.instances.values()].filter(
        ({ id, account, region }) =>
          // Nodes outside EC2 are Systems Manager's alone.
          id.startsWith('i-') && account === call.caller.account && region === call.region,
      );
      const missing = ids?.find((id) => !seen.some((instance) => instance.id === id));
      if (missing !== undefined)
        throw AwsError.own('InvalidInstanceID.NotFound', `The instance ID '${missing}' does not exist`);
      const chosen = seen
        .filter((instance) => ids === undefined || ids.includes(instance.id))
        .filter((instance) => filters.every((filter) => passes(instance, filter.Name, filter.Value)))
        .filter((instance) => instance.id > after)
        .sort((a, b) => (a.id < b.id ? -1 : 1));
      const page = chosen.slice(0, Math.max(5, Number(max)));
      const last = page.at(-1);
      return {
        result: {
          reservationSet: { item: page.map((instance) => reservation(instance)) },
          ...(page.length < chosen.length && last !== undefined ? { nextToken: last.id } : {}),
        },
        trail: null,
      };
    },
  };
}

function passes(instance: Instance, name: string, wanted: readonly string[]): boolean {
  return valuesOf(instance, name).some((value) => wanted.some((pattern) => like(pattern, value)));
}

function valuesOf(instance: Instance, name: string): readonly string[] {
  if (name.startsWith('tag:')) {
    const value = instance.tags[name.slice(4)];
    return value === undefined ? [] : [value];
  }
  switch (name) {
    case 'tag-key':
      return Object.keys(instance.tags);
    case 'tag-value':
      return Object.values(instance.tags);
    case 'instance-id':
      return [instance.id];
    case 'instance-state-name':
      return [running.name];
    case 'private-ip-address':
      return [instance.address];
    case 'availability-zone':
      return [instance.zone];
    default:
      throw AwsError.own('InvalidParameterValue', `The filter '${name}' is invalid`);
  }
}

/** EC2's filter patterns: `*` any text, `?` one character, both escaped by a backslash. */
function like(pattern: string, value: string): boolean {
  let expression = '';
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] ?? '';
    if (c === '\\' && i + 1 < pattern.length) expression += escape(pattern[++i] ?? '');
    else expression += c === '*' ? '.*' : c === '?' ? '.' : escape(c);
  }
  return new RegExp(`^${expression}$`, 's').test(value);
}

const escape = (character: string) => character.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** An instance runs whether or not its agent is connected. */
const running = { code: 16, name: 'running' };

function reservation(instance: Instance): object {
  return {
    reservationId: `r-${instance.id.slice(2)}`,
    ownerId: instance.account,
    groupSet: '',
    instancesSet: {
      item: [
        {
          instanceId: instance.id,
          imageId: `ami-${uniqueId('AIDA', instance.id).slice(4, 12).toLowerCase()}`,
          instanceState: running,
          privateDnsName: `ip-${instance.address.replaceAll('.', '-')}.${instance.region}.compute.internal`,
          privateIpAddress: instance.address,
          instanceType: 't4g.nano',
          placement: { availabilityZone: instance.zone, tenancy: 'default' },
          metadataOptions: { state: 'applied', httpTokens: 'required', httpPutResponseHopLimit: 1 },
          tagSet: { item: Object.entries(instance.tags).map(([key, value]) => ({ key, value })) },
        },
      ],
    },
  };
}

/** EC2: DescribeInstances. */
export function ec2Service(world: World, authoriser: Authoriser): Service {
  return {
    signingName: 'ec2',
    eventSource: 'ec2.amazonaws.com',
    operations: operations(describeInstances(world, authoriser)),
  };
}
