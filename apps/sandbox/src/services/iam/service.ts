import type { PolicyDocument } from '@sallyport/iam-policy';
import { z } from 'zod';
import type { Authoriser } from '../../authorise/authoriser.ts';
import type { Role } from '../../world/principals-of-catalog.ts';
import type { World } from '../../world/world.ts';
import { AwsError } from '../aws-error.ts';
import { operations, type Call, type Operation, type Service } from '../operation.ts';
import { readInput } from '../ssm/read-input.ts';

/** IAM (documented): the inline policies of a role together, without white space. */
const inlineCharactersMax = 10_240;

const named = {
  RoleName: z.string().regex(/^[\w+=,.@-]{1,64}$/),
  PolicyName: z.string().regex(/^[\w+=,.@-]{1,128}$/),
};
const namedForm = z.object(named);
const putForm = z.object({ ...named, PolicyDocument: z.string().min(1).max(131_072) });

const describe = ({ RoleName: roleName, PolicyName: policyName }: Readonly<Record<string, unknown>>) => ({
  roleName,
  policyName,
});

/** The role of the caller's account, once IAM admits the caller to it. */
function admitted(world: World, authoriser: Authoriser, call: Call, action: string, name: string): Role {
  const { account } = call.caller;
  const role = [...world.roles.values()].find((one) => one.account === account && one.name === name);
  authoriser.require(
    call,
    action,
    role?.arn ?? `arn:aws:iam::${account}:role/${name}`,
    role?.boundaryArn === undefined ? {} : { 'iam:PermissionsBoundary': role.boundaryArn },
  );
  if (role === undefined) throw missing(`The role with name ${name} cannot be found.`);
  return role;
}

function missing(message: string): AwsError {
  return AwsError.own('NoSuchEntity', message, 404);
}

function readDocument(text: string): PolicyDocument {
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document === 'object' && document !== null && 'Statement' in document)
      return document as PolicyDocument;
  } catch {
    // Told below.
  }
  throw AwsError.own('MalformedPolicyDocument', 'Syntax errors in policy.');
}

function putRolePolicy(world: World, authoriser: Authoriser): Operation {
  return {
    name: 'PutRolePolicy',
    readOnly: false,
    describe: (input) => ({ ...describe(input), policyDocument: input['PolicyDocument'] }),
    async run(raw, call) {
      const input = readInput(putForm, raw);
      const role = admitted(world, authoriser, call, 'iam:PutRolePolicy', input.RoleName);
      const document = readDocument(input.PolicyDocument);
      const all = new Map(role.inline).set(input.PolicyName, document);
      const characters = [...all.values()].reduce((sum, one) => sum + JSON.stringify(one).length, 0);
      if (characters > inlineCharactersMax)
        throw AwsError.own(
          'LimitExceeded',
          `Maximum policy size of ${inlineCharactersMax} bytes exceeded for role ${input.RoleName}`,
          409,
        );
      role.inline.set(input.PolicyName, document);
      return { result: {}, trail: null };
    },
  };
}

function getRolePolicy(world: World, authoriser: Authoriser): Operation {
  return {
    name: 'GetRolePolicy',
    readOnly: true,
    describe,
    async run(raw, call) {
      const { RoleName, PolicyName } = readInput(namedForm, raw);
      const role = admitted(world, authoriser, call, 'iam:GetRolePolicy', RoleName);
      const document = role.inline.get(PolicyName);
      if (document === undefined) throw missing(`The role policy with name ${PolicyName} cannot be found.`);
      // As IAM answers: percent-encoded (RFC 3986).
      const PolicyDocument = encodeURIComponent(JSON.stringify(document));
      return { result: { RoleName, PolicyName, PolicyDocument }, trail: null };
    },
  };
}

function deleteRolePolicy(world: World, authoriser: Authoriser): Operation {
  return {
    name: 'DeleteRolePolicy',
    readOnly: false,
    describe,
    async run(raw, call) {
      const { RoleName, PolicyName } = readInput(namedForm, raw);
      const role = admitted(world, authoriser, call, 'iam:DeleteRolePolicy', RoleName);
      if (!role.inline.delete(PolicyName))
        throw missing(`The role policy with name ${PolicyName} cannot be found.`);
      return { result: {}, trail: null };
    },
  };
}

/** IAM: the inline policies of roles, which take effect at once (AWS takes seconds) and last as long as the process. */
export function iamService(world: World, authoriser: Authoriser): Service {
  return {
    signingName: 'iam',
    eventSource: 'iam.amazonaws.com',
    operations: operations(
      putRolePolicy(world, authoriser),
      getRolePolicy(world, authoriser),
      deleteRolePolicy(world, authoriser),
    ),
  };
}
