import { Problem } from '@sallyport/problems';
import type { ClientShellEnd } from '@sallyport/ssm-protocol';
import type { CloseReason } from '../control-plane.ts';

/** What the end of a session on the wire means: an end in order, or what went wrong. */
export interface ToldEnd {
  readonly reason: CloseReason;
  readonly problem: Problem | null;
}

const textCharsMax = 400;

/** A text of the agent or the service as one line for people: without control characters, without its frame, bounded. */
export function plainText(output: string): string {
  const line = output
    .replace(/-+ERROR-+/gu, '')
    .replace(/[\p{C}\s]+/gu, ' ')
    .trim();
  return line.length > textCharsMax ? `${line.slice(0, textCharsMax)}…` : line;
}

/** Reads an end; `denied` is what KMS said, when it is the reason. */
export function readShellEnd({ cause, output }: ClientShellEnd, denied: Problem | undefined): ToldEnd {
  const failed = (problem: Problem): ToldEnd => ({ reason: 'error', problem });
  switch (cause) {
    case 'channel-closed':
      return channelClosed(output);
    case 'session-key-denied':
      return failed(denied ?? new Problem('SESSION_KEY_DENIED'));
    case 'encryption-demanded':
      return failed(new Problem('SESSION_NOT_ENCRYPTED'));
    case 'not-authentic':
      return failed(
        new Problem('SESSION_NOT_ENCRYPTED', {
          detail:
            'Something on the way was not encrypted with the key of this session; the session was ended.',
        }),
      );
    case 'handshake-timeout':
      return failed(
        new Problem('CHANNEL_HANDSHAKE_FAILED', {
          detail: 'The agent on the instance did not answer in time.',
        }),
      );
    case 'unacknowledged':
      return { reason: 'network', problem: new Problem('CHANNEL_LOST') };
    default:
      return failed(
        new Problem('CHANNEL_HANDSHAKE_FAILED', {
          detail:
            `The agent on the instance spoke otherwise than agreed (${cause}). ${plainText(output)}`.trim(),
        }),
      );
  }
}

/** The texts of the official agent and the service decide, since nothing else tells. */
function channelClosed(output: string): ToldEnd {
  const text = plainText(output);
  const failed = (problem: Problem): ToldEnd => ({ reason: 'error', problem });
  const missing = /RunAs user (\S+) does not exist/u.exec(text)?.[1];
  if (missing !== undefined)
    return failed(
      new Problem('SESSION_ACCOUNT_MISSING', { detail: `The instance has no account ${missing}.` }),
    );
  if (/set the RunAs default user/u.test(text))
    return failed(
      new Problem('SESSION_ACCOUNT_MISSING', { detail: 'No account was named to run the session as.' }),
    );
  if (/decrypting data key/u.test(text))
    return failed(
      new Problem('SESSION_KEY_DENIED', {
        detail: `The instance could not decrypt the data key (kms:Decrypt): ${text}`,
      }),
    );
  if (/-+ERROR-+|Encountered error|Unable to start/u.test(output))
    return failed(new Problem('SESSION_FAILED', { detail: text }));
  if (/inactivity/u.test(text)) return { reason: 'idle', problem: null };
  return { reason: /maximum duration/iu.test(text) ? 'limit' : 'client_exit', problem: null };
}
