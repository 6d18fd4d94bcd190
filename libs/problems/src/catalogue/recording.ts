import { entries } from '../catalogue-entry.ts';

export const recording = entries({
  RECORDING_DAMAGED: {
    kind: 'invalid',
    title: 'The recording was changed after it was written.',
    advice: 'Compare its digest with the audit event of its storing; what came before the change was shown.',
  },
  RECORDING_IDENTITY_INVALID: {
    kind: 'invalid',
    title: 'This is no private key for recordings.',
    advice: 'Give the identity file whose lines begin with AGE-SECRET-KEY-1, as it was generated.',
  },
  RECORDING_IDENTITY_EXISTS: {
    kind: 'local',
    title: 'There is a file of that name, and a private key never replaces one.',
    advice: 'Name another file; without the old key its recordings cannot be read any more.',
  },
  RECORDING_KEY_WRONG: {
    kind: 'refused',
    title: 'The recording is not encrypted to this key.',
    advice: 'Use the private key of the auditors whose public key the catalogue named when it was recorded.',
  },
  RECORDING_NOT_WRITTEN: {
    kind: 'local',
    title: 'The recording could not be written, so the session was ended.',
    advice: 'Make room on the disk that holds the state folder, then open the session again.',
  },
  RECORDING_RECIPIENT_INVALID: {
    kind: 'invalid',
    title: 'This is no public key for recordings.',
    advice: 'Use an age recipient (age1...) as `tunnel recording keygen` prints it.',
  },
  RECORDING_UNREADABLE: {
    kind: 'invalid',
    title: 'This is no recording, or nothing of it is there.',
    advice: 'Fetch it again, and compare its size and digest.',
  },
});
