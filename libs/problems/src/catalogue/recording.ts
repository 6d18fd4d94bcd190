import { entries } from '../catalogue-entry.ts';

/** What is refused of recordings of sessions. */
export const recording = entries({
  RECORDING_UNKNOWN: {
    kind: 'missing',
    title: 'There is no such recording, or it is not yours.',
    advice: 'List the recordings to see which there are.',
  },
  RECORDING_NOT_WANTED: {
    kind: 'refused',
    title: 'The session was not to be recorded; nothing was stored.',
    advice: 'Deliver recordings of those sessions alone whose lease demands one.',
  },
  RECORDING_TOO_LATE: {
    kind: 'refused',
    title: 'The grant ended too long ago; its recordings are taken for seven days.',
    advice: 'Hand the encrypted file to an auditor; it can be replayed from the file.',
  },
  RECORDING_TOO_LARGE: {
    kind: 'invalid',
    status: 413,
    title: 'The recording is too large.',
    advice: 'Deliver at most 64 MiB; a longer session makes several recordings.',
  },
  RECORDING_DIGEST_MISMATCH: {
    kind: 'invalid',
    title: 'What arrived is not the recording that was announced; nothing was stored.',
    advice: 'Send the file again, whole and unchanged.',
  },
  RECORDING_ALREADY_STORED: {
    kind: 'conflict',
    title: 'Another recording is stored under this id; a stored recording never changes.',
    advice: 'Give each recording an id of its own.',
  },
  RECORDING_LIMITED: {
    kind: 'limited',
    title: 'The session has as many recordings as one may have.',
    advice: 'Ask an administrator to look at the client that sends them.',
  },
  RECORDING_QUOTA_EXCEEDED: {
    kind: 'limited',
    title: 'There is no room left for recordings of this person, or of all.',
    advice: 'Keep the encrypted file; it is sent again later. An administrator can make room.',
  },
  RECORDING_NOT_STORED: {
    kind: 'pending',
    title: 'The recording is announced and has not arrived yet.',
    advice: 'Try again when the client of the session has been online.',
  },
  RECORDING_REMOVED: {
    kind: 'missing',
    status: 410,
    title: 'The recording was removed when its time of keeping was over.',
    advice: 'The audit log says when; its digest still tells whether a copy is the same.',
  },
  RECORDING_STORE_UNAVAILABLE: {
    kind: 'unavailable',
    title: 'The store of recordings cannot be written or read.',
    advice:
      'An administrator should look at the disk and the rights of the recordings folder, or at the bucket.',
  },
  RECORDING_STORE_UNLOCKED: {
    kind: 'unavailable',
    title: 'The bucket of recordings does not keep them as the catalogue demands; nothing was stored.',
    advice:
      'An administrator should deploy infra/ again: the bucket needs object lock in compliance mode for the days of the catalogue.',
  },
  RECORDING_STILL_WANTED: {
    kind: 'conflict',
    title: 'This recording was not refused: it is still to be handed over.',
    advice: 'See what lies here: tunnel recording left. The next command that is signed in hands it over.',
  },
  RECORDING_DISCARD_NOT_CONFIRMED: {
    kind: 'invalid',
    title: 'A recording is removed for good only when that was confirmed.',
    advice: 'Add --yes if the auditors are to go without it.',
  },
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
