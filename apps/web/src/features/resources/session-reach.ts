import type { Resource } from '../../api/contract.ts';

/** The line to type to use a grant of a resource. */
export { usageLine } from '@sallyport/api-client';

type Shell = NonNullable<Resource['shell']>;

/** `web-ops over SSH`, `web-ops: shell, any command`; undefined for what has an address. */
export function sessionReach({ ssh, shell }: Pick<Resource, 'ssh' | 'shell'>): string | undefined {
  if (ssh) return `${ssh.user} over SSH${ssh.port === 22 ? '' : ` at port ${ssh.port}`}`;
  if (!shell) return undefined;
  return `${shell.runAs}: ${[...(shell.login ? ['shell'] : []), commandsText(shell)].filter(Boolean).join(', ')}`;
}

/** What commands may be run: `any command`, `restart, status`, or nothing. */
export function commandsText({ commands }: Pick<Shell, 'commands'>): string {
  if (commands.which === 'none') return '';
  return commands.which === 'any' ? 'any command' : commands.listed.map(({ name }) => name).join(', ');
}

/** How sessions are encrypted, in a sentence. */
export function encryptionText({ keyArn }: Pick<Shell, 'keyArn'>): string {
  return keyArn === null
    ? 'TLS to AWS; no KMS key besides'
    : `Encrypted with KMS key ${keyArn.split('/').at(-1) ?? keyArn}, from end to end`;
}

/** Where the instance logs what is shown. */
export function logsText({ logs }: Pick<Shell, 'logs'>): string {
  if (!logs) return 'Not logged by the instance';
  return logs.to === 's3'
    ? `By the instance to S3 s3://${logs.place}/${logs.prefix ?? ''}`
    : `By the instance to CloudWatch ${logs.place}`;
}

/** Whether the client must record. */
export function recordingText({ clientRecording }: Pick<Shell, 'clientRecording'>): string {
  return clientRecording
    ? 'The client must record, sealed to the auditors’ key; typed input is not recorded'
    : 'Not demanded of the client';
}

/**
 * Whether what is shown is kept, in a sentence. Of a shell it follows from how its sessions are kept; what the catalogue
 * says of it by hand is told only where it agrees, since a policy may demand more than the catalogue knows.
 */
export function recordedText({
  recording,
  shell,
}: {
  readonly recording: Pick<Resource['recording'], 'recorded' | 'statement'>;
  readonly shell?: Pick<Shell, 'logs' | 'clientRecording'> | null;
}): { readonly recorded: boolean; readonly sentence: string } {
  const { recorded, statement } = recording;
  if (!shell) return { recorded, sentence: statement };
  const by = [shell.logs && 'by the instance', shell.clientRecording && 'by the client'].filter(Boolean);
  const kept = by.length > 0;
  if (recorded === kept) return { recorded, sentence: statement };
  return {
    recorded: kept,
    sentence: kept ? `What is shown is kept ${by.join(' and ')}.` : 'Nothing is kept.',
  };
}

/** How sessions are kept, in few words: `encrypted, logged, recorded by the client`. */
export function keptText({ keyArn, logs, clientRecording }: Shell): string {
  const kept = [keyArn && 'encrypted by KMS', logs && 'logged', clientRecording && 'recorded by the client'];
  return kept.filter(Boolean).join(', ') || 'Neither logged nor recorded';
}
