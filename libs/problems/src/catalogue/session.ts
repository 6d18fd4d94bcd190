import { entries } from '../catalogue-entry.ts';

export const session = entries({
  SESSION_UNKNOWN: {
    kind: 'missing',
    title: 'There is no such session, or it is not yours.',
    advice: 'List the sessions to see which there are.',
  },
  SESSION_CLOSED: {
    kind: 'conflict',
    title: 'The session is closed; a closed session never changes.',
    advice: 'Open a new one.',
  },
  SESSION_LIMITED: {
    kind: 'limited',
    title: 'Too many sessions of one grant are open.',
    advice: 'Close one, or wait until those whose client is gone are given up.',
  },
  SESSION_ACCOUNT_MISSING: {
    kind: 'refused',
    title: 'The account that the shell runs as does not exist on the instance.',
    advice: 'Ask whoever looks after the instance to make the account, or to correct the catalogue.',
  },
  SESSION_COMMAND_MISSING: {
    kind: 'invalid',
    title: 'No command was given, or one was given where none is taken.',
    advice: 'Look at the resource to see which commands it takes.',
  },
  SESSION_FAILED: {
    kind: 'unavailable',
    title: 'The instance could not run the shell or the command.',
    advice: 'Read what the instance said; whoever looks after it can help.',
  },
  SESSION_KEY_DENIED: {
    kind: 'refused',
    title: 'The key that encrypts the session was refused.',
    advice:
      'An administrator should see that the role may call kms:GenerateDataKey and the instance kms:Decrypt.',
  },
  SESSION_LOG_MISSING: {
    kind: 'unavailable',
    title: 'What the shell shows is to be logged, and there is nothing of that name to log to.',
    advice: 'An administrator should make the log group or the bucket, or correct `logs` in the catalogue.',
  },
  SESSION_LOG_UNENCRYPTED: {
    kind: 'unavailable',
    title: 'What the shell shows is to be logged encrypted, and no KMS key encrypts the place.',
    advice:
      'An administrator should give the log group or the bucket a KMS key; the instance ends shells until then.',
  },
  SESSION_NOT_ENCRYPTED: {
    kind: 'refused',
    title: 'The session is to be encrypted, and the instance did not do so; nothing was sent.',
    advice: 'An administrator should look at the session document and at the agent of the instance.',
  },
  SESSION_RECORDING_UNAVAILABLE: {
    kind: 'unavailable',
    title: 'The shell is to be recorded by the client, and this client cannot do so; nothing was opened.',
    advice:
      'Ask for a resource whose shell is logged by AWS, or ask an administrator to change the recording.',
  },
  SESSION_TERMINATED: {
    kind: 'ended',
    title: 'The session was cut by an administrator.',
    advice: 'Ask who cut it and why before you open another.',
  },
});
