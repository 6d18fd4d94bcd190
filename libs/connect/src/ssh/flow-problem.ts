import { Problem } from '@sallyport/problems';
import type { Destination } from '@sallyport/tunnel';

/** Reasons of SSH_MSG_CHANNEL_OPEN_FAILURE (RFC 4254, section 5.1). */
const openFailure = { prohibited: 1, connectFailed: 2, unknownType: 3, shortage: 4 } as const;

/** What sshd says of a destination: its own rules, or the words of the system call that failed. */
export function flowProblem(error: Error & { reason?: unknown }, { address, port }: Destination): Problem {
  const where = `${address} port ${port}`;
  const { reason, message } = error;
  if (reason === openFailure.prohibited || reason === openFailure.unknownType)
    return new Problem('FLOW_NOT_GRANTED', {
      detail: `The gateway does not forward to ${where}.`,
      cause: error,
    });
  if (reason === openFailure.shortage) return new Problem('FLOW_LIMITED', { cause: error });
  if (/refused/i.test(message))
    return new Problem('FLOW_REFUSED', { detail: `${where} refused.`, cause: error });
  if (/timed out/i.test(message))
    return new Problem('FLOW_TIMED_OUT', { detail: `${where} did not answer.`, cause: error });
  return new Problem('FLOW_UNREACHABLE', { detail: `${where} cannot be reached.`, cause: error });
}
