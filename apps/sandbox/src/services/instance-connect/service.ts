import { z } from 'zod';
import type { Authoriser } from '../../authorise/authoriser.ts';
import type { World } from '../../world/world.ts';
import { AwsError } from '../aws-error.ts';
import { operations, type Operation, type Service } from '../operation.ts';
import { readPublicKey } from './public-key.ts';
import type { PushedKeys } from './pushed-keys.ts';

/** Constraints as the API model documents them. */
const form = z.object({
  InstanceId: z
    .string()
    .regex(/^i-[a-f0-9]+$/)
    .min(10)
    .max(32),
  InstanceOSUser: z.string().regex(/^[A-Za-z_][A-Za-z0-9@._-]{0,30}[A-Za-z0-9$_-]?$/),
  SSHPublicKey: z.string().min(80).max(4096),
  AvailabilityZone: z
    .string()
    .regex(/^(\w+-){2,3}\d+\w+$/)
    .min(6)
    .max(32)
    .optional(),
});

/**
 * SendSSHPublicKey: authorised on the instance with `ec2:osuser`; the key lies in the instance's metadata for 60 s. Errors are those of the API model,
 * a missing permission is AWS's AccessDeniedException.
 */
function sendSshPublicKey(world: World, authoriser: Authoriser, keys: PushedKeys): Operation {
  return {
    name: 'SendSSHPublicKey',
    readOnly: false,
    describe: ({ InstanceId: instanceId, InstanceOSUser: osUser, SSHPublicKey: publicKey }) => ({
      instanceId,
      osUser,
      // CloudTrail records the key: it is public, and says who came in by it.
      SSHKey: { publicKey },
    }),
    async run(raw, call) {
      const read = form.safeParse(raw);
      if (!read.success)
        throw AwsError.own('InvalidArgsException', `${read.error.issues[0]?.path.join('.')} is not valid.`);
      const { InstanceId: id, InstanceOSUser: user, SSHPublicKey: text, AvailabilityZone: zone } = read.data;
      const { account } = call.caller;
      const found = world.instances.get(id);
      const instance = found?.account === account && found.region === call.region ? found : undefined;
      authoriser.require(
        call,
        'ec2-instance-connect:SendSSHPublicKey',
        {
          arn: `arn:aws:ec2:${call.region}:${account}:instance/${id}`,
          ...(instance === undefined ? {} : { tags: instance.tags }),
        },
        { 'ec2:osuser': user },
      );
      if (instance === undefined || (zone !== undefined && zone !== instance.zone))
        throw AwsError.own('EC2InstanceNotFoundException', 'Instance not found', 404);
      const line = readPublicKey(text);
      if (line === undefined)
        throw AwsError.own('InvalidArgsException', 'The public key is not a key of a supported kind.');
      keys.push(id, user, line);
      return { result: { RequestId: call.requestId, Success: true }, trail: null };
    },
  };
}

/** EC2 Instance Connect: SendSSHPublicKey. */
export function instanceConnectService(world: World, authoriser: Authoriser, keys: PushedKeys): Service {
  return {
    signingName: 'ec2-instance-connect',
    eventSource: 'ec2-instance-connect.amazonaws.com',
    operations: operations(sendSshPublicKey(world, authoriser, keys)),
  };
}
