import type { Caller } from '../../principals/caller.ts';
import { uniqueId } from '../../principals/unique-id.ts';
import type { Instance } from '../../world/world.ts';

const roleName = 'JitInstance';

/** Who an instance is to AWS: the session of its instance profile's role, named after it. */
export function callerOfInstance({ id, account }: Instance): Caller {
  const principalArn = `arn:aws:iam::${account}:role/${roleName}`;
  return {
    type: 'AssumedRole',
    account,
    arn: `arn:aws:sts::${account}:assumed-role/${roleName}/${id}`,
    principalArn,
    userId: `${uniqueId('AROA', principalArn)}:${id}`,
    name: id,
    accessKeyId: uniqueId('AROA', `${principalArn}/${id}`).replace('AROA', 'ASIA').slice(0, 20),
  };
}
