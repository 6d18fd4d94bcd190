/**
 * What a terminal showed, kept for auditors alone: asciicast v2 inside the age v1 format. Nothing typed is in it. A file whose writer died can be read up to where it was
 * written. Runs in browsers too; randomness comes from the platform's Web Cryptography.
 */
export { castLine, headLine, type CastEvent, type CastHead } from './cast.ts';
export { bytesOf, ShownText } from './shown-text.ts';
export { generateKey, isRecipient, readIdentities, recipientsOf } from './keys.ts';
export { RecordingWriter, type RecordingSink } from './recording-writer.ts';
export { openRecording, type OpenRecording, type RecordingSource } from './recording-reader.ts';
export { chunkBytes, joinedLength, sealedChunkBytes, wholeChunks } from './sealed-form.ts';

/** Of the encrypted file. */
export const recordingMediaType = 'application/age';
export const recordingExtension = '.cast.age';
/** What the control plane takes of one recording, encrypted. */
export const recordingBytesMax = 64 * 1024 * 1024;
