import { z } from 'zod';
import type { Authoriser } from '../../authorise/authoriser.ts';
import { hidden } from '../../cloudtrail/trail.ts';
import { substitute } from '../../instances/substitute.ts';
import type { CommandDocument } from '../../world/command-documents.ts';
import { documentArn } from '../../world/session-documents.ts';
import type { Instance, World } from '../../world/world.ts';
import { AwsError } from '../aws-error.ts';
import { trailNames, type Call, type Operation } from '../operation.ts';
import type { CommandDesk, Invocation } from './command-desk.ts';
import { refuseParameters } from './document-parameters.ts';
import { readInput } from './read-input.ts';
import { instanceOf, targetArn } from './start-session.ts';

const instanceId = z.string().regex(/^(i-(\w{8}|\w{17})|mi-\w{17})$/);
const sendForm = z.object({
  InstanceIds: z.array(instanceId).min(1).max(50),
  DocumentName: z.string().regex(/^[a-zA-Z0-9_\-.:/]{3,128}$/),
  DocumentVersion: z.string().optional(),
  DocumentHash: z.string().max(256).optional(),
  DocumentHashType: z.enum(['Sha256', 'Sha1']).optional(),
  TimeoutSeconds: z.int().min(30).max(2_592_000).default(3_600),
  Comment: z.string().max(100).default(''),
  Parameters: z.record(z.string().min(1).max(255), z.array(z.string().max(65_535)).max(200)).default({}),
});
/** Seconds that the document's own script may take; with the time to reach the instance, when a command expires. */
const scriptSeconds = 60;

/** SendCommand: authorised on the document and on each instance apart; the script has run later. */
export function sendCommand(world: World, authoriser: Authoriser, desk: CommandDesk): Operation {
  return {
    name: 'SendCommand',
    readOnly: false,
    // CloudTrail does not show what a command was told.
    describe: (input) => ({
      ...(trailNames(input) as object),
      ...('Parameters' in input ? { parameters: hidden } : {}),
    }),
    async run(raw, call) {
      const input = readInput(sendForm, raw);
      authoriser.require(
        call,
        'ssm:SendCommand',
        documentArn(input.DocumentName, call.caller.account, call.region),
      );
      const instances = input.InstanceIds.map((id) => {
        const instance = instanceOf(world, call, id);
        const tags = instance === undefined ? {} : { tags: instance.tags };
        authoriser.require(call, 'ssm:SendCommand', { arn: targetArn(call, id), ...tags });
        return instance;
      });
      const document = documentOf(world, call, input);
      refuseParameters(document.parameters, input.Parameters);
      const ready = instances.filter((instance): instance is Instance => isReady(instance));
      if (ready.length < instances.length)
        throw AwsError.own(
          'InvalidInstanceId',
          `Instances not in a valid state for account ${call.caller.account}`,
        );
      const script = substitute(document.script, document.parameters, input.Parameters) as string;
      const begun = desk.send(ready, document, { script, comment: input.Comment });
      return { result: { Command: commandShape(begun, input) }, trail: { command: hidden } };
    },
  };
}

/** An instance whose agent takes commands; those of other processes are not asked here. */
function isReady(instance: Instance | undefined): boolean {
  return instance?.online === true && instance.agent === 'emulated';
}

function documentOf(world: World, call: Call, input: z.output<typeof sendForm>): CommandDocument {
  const { DocumentName: name, DocumentVersion: version, DocumentHash: hash } = input;
  const document = world.commandDocuments.get(`${call.caller.account}/${call.region}/${name}`);
  if (document === undefined)
    throw AwsError.own('InvalidDocument', `Document with name ${name} does not exist.`);
  if (!['1', '$DEFAULT', '$LATEST', undefined].includes(version))
    throw AwsError.own('InvalidDocumentVersion', 'The document version is not valid or does not exist.');
  const isOther = hash !== undefined && hash.toLowerCase() !== document.sha256;
  if (isOther || input.DocumentHashType === 'Sha1')
    throw AwsError.own('InvalidDocument', 'The document hash does not match the document content.');
  return document;
}

function commandShape(begun: readonly Invocation[], input: z.output<typeof sendForm>): object {
  const [{ commandId, requestedAt, document } = { commandId: '', requestedAt: 0, document: undefined }] =
    begun;
  return {
    CommandId: commandId,
    DocumentName: document?.name,
    DocumentVersion: '$DEFAULT',
    Comment: input.Comment,
    ExpiresAfter: requestedAt / 1000 + input.TimeoutSeconds + scriptSeconds,
    Parameters: input.Parameters,
    InstanceIds: input.InstanceIds,
    Targets: [],
    RequestedDateTime: requestedAt / 1000,
    Status: 'Pending',
    StatusDetails: 'Pending',
    TimeoutSeconds: input.TimeoutSeconds,
    TargetCount: begun.length,
    CompletedCount: 0,
    ErrorCount: 0,
    DeliveryTimedOutCount: 0,
  };
}

const readForm = z.object({
  CommandId: z.uuid(),
  InstanceId: instanceId,
  PluginName: z.string().min(4).max(500).optional(),
});

/** What Systems Manager keeps of each stream, in characters. */
const keptCharacters = { output: 24_000, errorOutput: 8_000 } as const;

/** GetCommandInvocation: how a command goes on one instance. */
export function getCommandInvocation(authoriser: Authoriser, desk: CommandDesk): Operation {
  return {
    name: 'GetCommandInvocation',
    readOnly: true,
    describe: (input) => trailNames(input) as object,
    async run(raw, call) {
      authoriser.require(call, 'ssm:GetCommandInvocation', '*');
      const { CommandId, InstanceId, PluginName } = readInput(readForm, raw);
      const found = desk
        .list(call.caller.account, call.region)
        .find(({ commandId, instance }) => commandId === CommandId && instance.id === InstanceId);
      if (found === undefined) throw AwsError.own('InvocationDoesNotExist', '');
      if (PluginName !== undefined && PluginName !== found.document.plugin)
        throw AwsError.own('InvalidPluginName', 'The plugin name is not valid.');
      return { result: invocationShape(found), trail: null };
    },
  };
}

function invocationShape(invocation: Invocation): object {
  const { commandId, instance, document, comment, startedAt, endedAt, end } = invocation;
  const iso = (at: number | undefined) => (at === undefined ? '' : new Date(at).toISOString());
  const status = statusOf(invocation);
  return {
    CommandId: commandId,
    InstanceId: instance.id,
    Comment: comment,
    DocumentName: document.name,
    DocumentVersion: '$DEFAULT',
    PluginName: document.plugin,
    ResponseCode: end?.code ?? -1,
    ExecutionStartDateTime: iso(startedAt),
    ExecutionElapsedTime:
      startedAt === undefined || endedAt === undefined ? '' : `PT${(endedAt - startedAt) / 1000}S`,
    ExecutionEndDateTime: iso(endedAt),
    Status: status,
    StatusDetails: status === 'InProgress' ? 'In Progress' : status,
    StandardOutputContent: end?.output.slice(0, keptCharacters.output) ?? '',
    StandardOutputUrl: '',
    StandardErrorContent: end?.errorOutput.slice(0, keptCharacters.errorOutput) ?? '',
    StandardErrorUrl: '',
    CloudWatchOutputConfig: { CloudWatchLogGroupName: '', CloudWatchOutputEnabled: false },
  };
}

function statusOf({ startedAt, endedAt, end }: Invocation): string {
  if (startedAt === undefined) return 'Pending';
  if (endedAt === undefined || end === undefined) return 'InProgress';
  return end.code === 0 ? 'Success' : 'Failed';
}

const listForm = z.object({
  CommandId: z.uuid().optional(),
  InstanceId: instanceId.optional(),
  MaxResults: z.int().min(1).max(50).default(50),
  NextToken: z.string().max(200).optional(),
  Details: z.boolean().default(false),
});

/** ListCommandInvocations: the commands of the account, newest first, in pages; with what was printed where asked. */
export function listCommandInvocations(authoriser: Authoriser, desk: CommandDesk): Operation {
  return {
    name: 'ListCommandInvocations',
    readOnly: true,
    describe: (input) => trailNames(input) as object,
    async run(raw, call) {
      authoriser.require(call, 'ssm:ListCommandInvocations', '*');
      const input = readInput(listForm, raw);
      const all = desk
        .list(call.caller.account, call.region)
        .filter(({ commandId }) => input.CommandId === undefined || commandId === input.CommandId)
        .filter(({ instance }) => input.InstanceId === undefined || instance.id === input.InstanceId);
      const key = ({ commandId, instance }: Invocation) => `${commandId}/${instance.id}`;
      const from =
        input.NextToken === undefined ? 0 : all.findIndex((one) => key(one) === input.NextToken) + 1;
      if (input.NextToken !== undefined && from === 0)
        throw AwsError.own('InvalidNextToken', 'The specified token is not valid.');
      const page = all.slice(from, from + input.MaxResults);
      const last = page.at(-1);
      const next = last !== undefined && from + page.length < all.length ? { NextToken: key(last) } : {};
      return {
        result: { CommandInvocations: page.map((one) => listedShape(one, input.Details)), ...next },
        trail: null,
      };
    },
  };
}

function listedShape(invocation: Invocation, details: boolean): object {
  const { commandId, instance, document, comment, requestedAt, startedAt, endedAt, end } = invocation;
  const status = statusOf(invocation);
  const plugin = {
    Name: document.plugin,
    Status: status,
    StatusDetails: status,
    ResponseCode: end?.code ?? -1,
    ResponseStartDateTime: startedAt === undefined ? undefined : startedAt / 1000,
    ResponseFinishDateTime: endedAt === undefined ? undefined : endedAt / 1000,
    Output: end?.output.slice(0, 2_500) ?? '',
  };
  return {
    CommandId: commandId,
    InstanceId: instance.id,
    InstanceName: instance.name,
    Comment: comment,
    DocumentName: document.name,
    DocumentVersion: '$DEFAULT',
    RequestedDateTime: requestedAt / 1000,
    Status: status,
    StatusDetails: status,
    CommandPlugins: details ? [plugin] : [],
  };
}
