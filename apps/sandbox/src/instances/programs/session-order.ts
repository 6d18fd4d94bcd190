import { z } from 'zod';
import type { ShellType } from '@sallyport/ssm-protocol';
import type { SsmSession } from '../../gateway/ssm-session.ts';
import { substitute } from '../substitute.ts';
import { wordsOf } from './command-words.ts';
import { agentUser, type OsUser } from './os-users.ts';

/** What a session document asks of the agent beside its session type; empty texts count as absent. */
export interface SessionInputs {
  readonly kmsKeyId: string | undefined;
  readonly runAsEnabled: boolean;
  readonly runAsDefaultUser: string | undefined;
  readonly shellProfile: string | undefined;
  readonly cloudWatchLogGroupName: string | undefined;
  readonly cloudWatchStreaming: boolean;
  readonly s3BucketName: string | undefined;
  readonly s3KeyPrefix: string | undefined;
}

const text = z
  .string()
  .optional()
  .catch(undefined)
  .transform((value) => (value === undefined || value.trim() === '' ? undefined : value));
const flag = z.union([z.boolean(), z.stringbool()]).optional().catch(undefined);
const inputsForm = z.object({
  kmsKeyId: text,
  runAsEnabled: flag,
  runAsDefaultUser: text,
  shellProfile: z.object({ linux: text }).partial().optional().catch(undefined),
  cloudWatchLogGroupName: text,
  cloudWatchStreamingEnabled: flag,
  s3BucketName: text,
  s3KeyPrefix: text,
});
const platform = z.object({ commands: text, separateOutputStream: flag }).partial();
const propertiesForm = z.object({
  linux: platform.optional(),
});

/** The document's inputs with parameters put in. */
export function inputsOf({ order }: SsmSession): SessionInputs {
  const { inputs, parameters } = order.document.content;
  const read = inputsForm.safeParse(substitute(inputs ?? {}, parameters ?? {}, order.parameters)).data;
  return {
    kmsKeyId: read?.kmsKeyId,
    runAsEnabled: read?.runAsEnabled === true,
    runAsDefaultUser: read?.runAsDefaultUser,
    shellProfile: read?.shellProfile?.linux,
    cloudWatchLogGroupName: read?.cloudWatchLogGroupName,
    cloudWatchStreaming: read?.cloudWatchStreamingEnabled === true,
    s3BucketName: read?.s3BucketName,
    s3KeyPrefix: read?.s3KeyPrefix,
  };
}

/** What is run, without saying as whom. */
export interface CommandOrder {
  readonly type: ShellType;
  readonly command: readonly string[];
  readonly separateOutput: boolean;
}

/** The program of a session, as the agent makes it from the document's properties. A text is why there is none. */
export function commandOf({ order }: SsmSession): CommandOrder | string {
  const { sessionType, properties, parameters } = order.document.content;
  if (sessionType === 'Port') return 'A port session runs no program.';
  const read = propertiesForm.safeParse(substitute(properties ?? {}, parameters ?? {}, order.parameters));
  const line = read.data?.linux?.commands;
  const separateOutput = read.data?.linux?.separateOutputStream === true;
  if (sessionType !== 'NonInteractiveCommands') {
    const command = line === undefined ? ['sh'] : ['sh', '-c', line];
    return { type: sessionType, command, separateOutput: false };
  }
  // Not run by a shell: split into words and started as it is.
  const command = line === undefined ? ['sh'] : wordsOf(line);
  if (command === undefined || command.length === 0)
    return 'Unable to start command: Failed to parse commands input';
  return { type: sessionType, command, separateOutput };
}

/**
 * The account that a session runs as: the principal's tag `SSMSessionRunAs`, else the document's default user, and with Run As off the
 * agent's own. A text is the agent's reason for refusing; its words are the official agent's.
 */
export function userOf(
  { order }: SsmSession,
  inputs: SessionInputs,
  known: readonly OsUser[],
): OsUser | string {
  const named = (name: string) => known.find((user) => user.name === name);
  if (!inputs.runAsEnabled)
    return named(agentUser) ?? `failed to start pty since RunAs user ${agentUser} does not exist`;
  const tagged = Object.entries(order.owner.session?.tags ?? {}).find(
    ([key]) => key.toLowerCase() === 'ssmsessionrunas',
  )?.[1];
  const wanted = (tagged ?? inputs.runAsDefaultUser ?? '').trim();
  if (wanted === '') return 'please set the RunAs default user';
  return named(wanted) ?? `failed to start pty since RunAs user ${wanted} does not exist`;
}
