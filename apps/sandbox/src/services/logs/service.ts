import { z } from 'zod';
import type { Authoriser } from '../../authorise/authoriser.ts';
import type { LogGroup, World } from '../../world/world.ts';
import { operations, trailNames, type Operation, type Service } from '../operation.ts';
import { readInput } from '../ssm/read-input.ts';

const groupsForm = z.object({
  logGroupNamePrefix: z.string().min(1).max(512).optional(),
  limit: z.int().min(1).max(50).default(50),
  nextToken: z.string().min(1).max(512).optional(),
});

/** DescribeLogGroups: groups of the caller's account and region, sorted by name. */
function describeLogGroups(world: World, authoriser: Authoriser): Operation {
  return {
    name: 'DescribeLogGroups',
    readOnly: true,
    describe: (input) => trailNames(input) as object,
    async run(raw, { caller, region, ...call }) {
      // Whatever is asked for, IAM is asked about the groups as a whole.
      const all = `arn:aws:logs:${region}:${caller.account}:log-group::log-stream:`;
      authoriser.require({ caller, region, ...call }, 'logs:DescribeLogGroups', all);
      const { logGroupNamePrefix: prefix = '', limit, nextToken: after = '' } = readInput(groupsForm, raw);
      const found = world.logGroups
        .filter((group) => group.account === caller.account && group.region === region)
        .filter(({ name }) => name.startsWith(prefix) && name > after)
        .sort((a, b) => (a.name < b.name ? -1 : 1));
      const page = found.slice(0, limit);
      const next = page.length < found.length ? page.at(-1)?.name : undefined;
      return {
        result: { logGroups: page.map(shapeOf), ...(next === undefined ? {} : { nextToken: next }) },
        trail: null,
      };
    },
  };
}

function shapeOf({ account, region, name, keyArn }: LogGroup): object {
  const arn = `arn:aws:logs:${region}:${account}:log-group:${name}`;
  return {
    ...{ logGroupName: name, arn: `${arn}:*`, logGroupArn: arn, logGroupClass: 'STANDARD' },
    ...{ metricFilterCount: 0, storedBytes: 0 },
    ...(keyArn === undefined ? {} : { kmsKeyId: keyArn }),
  };
}

/** CloudWatch Logs: which groups there are. What shells write to them is kept by the instances. */
export function logsService(world: World, authoriser: Authoriser): Service {
  return {
    signingName: 'logs',
    eventSource: 'logs.amazonaws.com',
    operations: operations(describeLogGroups(world, authoriser)),
  };
}
