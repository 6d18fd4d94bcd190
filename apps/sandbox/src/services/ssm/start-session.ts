import { z } from 'zod';
import type { Authoriser } from '../../authorise/authoriser.ts';
import { hidden } from '../../cloudtrail/trail.ts';
import type { SessionDesk } from '../../gateway/session-desk.ts';
import { defaultDocumentName, type StoredDocument } from '../../world/session-documents.ts';
import type { Instance, World } from '../../world/world.ts';
import { AwsError } from '../aws-error.ts';
import { trailNames, type Call, type Operation } from '../operation.ts';
import { refuseParameters } from './document-parameters.ts';
import { readInput } from './read-input.ts';
import { streamUrl } from './stream-url.ts';

const form = z.object({
  Target: z.string().min(1).max(400),
  DocumentName: z
    .string()
    .regex(/^[a-zA-Z0-9_\-.:/]{3,128}$/)
    .optional(),
  Reason: z.string().min(1).max(256).optional(),
  Parameters: z.record(z.string().min(1).max(255), z.array(z.string().max(65_535)).max(200)).optional(),
});

/** StartSession: authorised on instance and document apart, parameters held against the document's declarations. */
export function startSession(world: World, authoriser: Authoriser, desk: SessionDesk): Operation {
  return {
    name: 'StartSession',
    readOnly: false,
    describe: (input) => trailNames(input) as object,
    async run(raw, call) {
      const input = readInput(form, raw);
      const instance = instanceOf(world, call, input.Target);
      authoriser.requireStart(
        call,
        { arn: targetArn(call, input.Target), ...(instance === undefined ? {} : { tags: instance.tags }) },
        input.DocumentName,
      );
      const document = findDocument(world, call, input.DocumentName ?? defaultDocumentName);
      const parameters = input.Parameters ?? {};
      refuseParameters(document.content.parameters ?? {}, parameters);
      if (instance === undefined || !instance.online)
        throw AwsError.own('TargetNotConnected', `${input.Target} is not connected.`);
      const ticket = desk.start({
        owner: call.caller,
        region: call.region,
        instance,
        document,
        parameters,
        reason: input.Reason,
      });
      const url = streamUrl(call, ticket);
      return {
        result: { SessionId: ticket.sessionId, TokenValue: ticket.token, StreamUrl: url },
        trail: { sessionId: ticket.sessionId, tokenValue: hidden, streamUrl: url },
      };
    },
  };
}

/** The instance of that id in the caller's account and region; others do not exist for the caller. */
export function instanceOf(world: World, call: Call, target: string): Instance | undefined {
  const instance = world.instances.get(target);
  return instance?.account === call.caller.account && instance.region === call.region ? instance : undefined;
}

export function targetArn(call: Call, target: string): string {
  const { account } = call.caller;
  return target.startsWith('mi-')
    ? `arn:aws:ssm:${call.region}:${account}:managed-instance/${target}`
    : `arn:aws:ec2:${call.region}:${account}:instance/${target}`;
}

function findDocument(world: World, call: Call, name: string): StoredDocument {
  const document = world.documents.find(call.caller.account, call.region, name);
  if (document === undefined)
    throw AwsError.own('InvalidDocument', `Document with name ${name} does not exist.`);
  return document;
}
