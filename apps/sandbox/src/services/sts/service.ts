import { operations, type Operation, type Service } from '../operation.ts';
import { assumeRole } from './assume-role.ts';

/** GetCallerIdentity: needs no permission; AWS answers whoever signs well. */
const getCallerIdentity: Operation = {
  name: 'GetCallerIdentity',
  readOnly: true,
  describe: () => ({}),
  run: async (_input, { caller }) => ({
    result: { Arn: caller.arn, UserId: caller.userId, Account: caller.account },
    trail: null,
  }),
};

/** STS: AssumeRole and GetCallerIdentity. */
export function stsService(parts: Parameters<typeof assumeRole>[0]): Service {
  return {
    signingName: 'sts',
    eventSource: 'sts.amazonaws.com',
    operations: operations(assumeRole(parts), getCallerIdentity),
  };
}
