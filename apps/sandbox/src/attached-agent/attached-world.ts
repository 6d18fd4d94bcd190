import { createHash } from 'node:crypto';
import { renderGatewayPermissions, type PolicyDocument } from '@sallyport/iam-policy';
import { uniqueId } from '../principals/unique-id.ts';
import type { Instance, World } from '../world/world.ts';

/** Name of the sandbox principal whose keys attached agents sign with. */
export const agentPrincipal = 'agent';

/** What an agent calls beside its channels, as Amazon's policy for managed nodes allows it. */
const housekeeping: PolicyDocument = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Action: [
        'ssm:ListInstanceAssociations',
        'ssm:ListAssociations',
        'ssm:DescribeAssociation',
        'ssm:UpdateAssociationStatus',
        'ssm:UpdateInstanceAssociationStatus',
        'ssm:PutInventory',
        'ssm:PutComplianceItems',
        'ssm:PutConfigurePackageResult',
        'ssm:GetManifest',
        'ssm:GetDeployablePatchSnapshotForInstance',
        'ssm:GetDocument',
        'ssm:DescribeDocument',
        'ec2messages:AcknowledgeMessage',
        'ec2messages:DeleteMessage',
        'ec2messages:FailMessage',
        'ec2messages:GetEndpoint',
        'ec2messages:GetMessages',
        'ec2messages:SendReply',
      ],
      Resource: '*',
    },
  ],
};

/** The world with keys for agents that attach, in the account of its attached instances (or its first account). */
export function withAgentPrincipal(world: World): World {
  const attached = attachedIn(world);
  const account = attached?.account ?? world.catalog.accounts[0]?.id ?? '';
  const arn = `arn:aws:iam::${account}:user/${agentPrincipal}`;
  const policies = [renderGatewayPermissions(), housekeeping];
  const user = { arn, account, name: agentPrincipal, id: uniqueId('AIDA', arn), policies };
  const others = world.keyHolders.filter(({ name }) => name !== agentPrincipal);
  return { ...world, keyHolders: [...others, { name: agentPrincipal, arn, user }] };
}

/**
 * The world with an instance that an agent may attach to. One that says which instances are attached stays as it is; any other
 * gets one more, with an id that the installation keeps. It has no tags but its name, so that no lease chooses it.
 */
export function withAttachedInstance(world: World, secret: Uint8Array): World {
  if (attachedIn(world) !== undefined) return world;
  const account = world.catalog.accounts[0];
  const region = account?.regions[0] ?? 'us-east-1';
  const digest = createHash('sha256').update('attached agent').update(secret).digest('hex');
  const instance: Instance = {
    id: `i-0${digest.slice(0, 16)}`,
    account: account?.id ?? '',
    region,
    zone: `${region}a`,
    name: 'attached-agent',
    address: '127.0.0.1',
    agent: 'attached',
    users: [],
    agentUser: true,
    mayDecrypt: true,
    mayLog: true,
    online: false,
    tags: { Name: 'attached-agent' },
  };
  return { ...world, instances: new Map([...world.instances, [instance.id, instance]]) };
}

function attachedIn(world: World): Instance | undefined {
  return [...world.instances.values()].find(({ agent }) => agent === 'attached');
}
