import type { ChosenPurpose, ShellAccess, ShellLogs } from './session-access.ts';
import type { SessionDocument, Sha256Hex } from './session-document.ts';

/**
 * What a caller may write as a command: anything but two braces after one another, since the SSM Agent expands
 * `{{ssm:name}}` in what it is given with the rights of the instance.
 */
const commandPattern = '^([^{]|\\{[^{])*\\{?$';

const sessionTypes = {
  shell: 'Standard_Stream',
  interactive: 'InteractiveCommands',
  command: 'NonInteractiveCommands',
} as const;

/**
 * The Session document of a shell or a command. Whom it runs as is not written here but in the lease's session tag:
 * without the tag the session does not begin, since there is no default user. Resources that are kept alike share it.
 */
export function renderShellDocument(
  shell: ShellAccess,
  { purpose, command }: ChosenPurpose,
  sha256: Sha256Hex,
): SessionDocument | null {
  if (purpose === 'port' || purpose === 'ssh') return null;
  // A shell is the same beside whatever commands.
  const listed = purpose !== 'shell' && typeof shell.commands === 'object' ? shell.commands : null;
  const fixed = listed === null ? null : listed.find(({ name }) => name === command);
  if (fixed === undefined) return null;
  const content = JSON.stringify(
    {
      schemaVersion: '1.0',
      description: descriptionOf(purpose, fixed?.name ?? null),
      sessionType: sessionTypes[purpose],
      inputs: inputsOf(shell),
      ...(purpose === 'shell' ? {} : commandPart(purpose, fixed?.run ?? null)),
    },
    undefined,
    2,
  );
  const name = `jit-${purpose}-${sha256(content).slice(0, 8)}`;
  return { name, content, sha256: sha256(content), host: null, port: null };
}

function descriptionOf(purpose: keyof typeof sessionTypes, name: string | null): string {
  if (purpose === 'shell') return 'A shell as the user of the grant and nobody else';
  const kept = purpose === 'interactive' ? 'in a terminal' : 'without a terminal';
  return `${name === null ? 'One command' : `The command ${name}`} ${kept}, as the user of the grant and nobody else`;
}

/** The command of the catalogue as a literal, or one that the caller writes. */
function commandPart(purpose: 'command' | 'interactive', run: string | null) {
  const commands = run ?? '{{ command }}';
  const separate = purpose === 'command' ? { separateOutputStream: true } : {};
  const properties = { linux: { commands, runAsElevated: false, ...separate } };
  if (run !== null) return { properties };
  const parameter = { type: 'String', description: 'What to run', allowedPattern: commandPattern };
  return { parameters: { command: parameter }, properties };
}

/** The preferences of the session, in the fields of SSM-SessionManagerRunShell. */
function inputsOf({ keyArn, logs, idleMinutes }: ShellAccess) {
  return {
    ...logInputs(logs),
    kmsKeyId: keyArn ?? '',
    runAsEnabled: true,
    runAsDefaultUser: '',
    idleSessionTimeout: String(idleMinutes),
  };
}

/** A log that is not encrypted at rest is refused by the service before the session begins. */
function logInputs(logs: ShellLogs | null) {
  const s3 = logs !== null && 's3' in logs ? logs.s3 : null;
  const group = logs !== null && 'cloudWatch' in logs ? logs.cloudWatch : '';
  return {
    s3BucketName: s3?.bucket ?? '',
    s3KeyPrefix: s3?.prefix ?? '',
    s3EncryptionEnabled: s3 !== null,
    cloudWatchLogGroupName: group,
    cloudWatchEncryptionEnabled: group !== '',
    cloudWatchStreamingEnabled: group !== '',
  };
}
