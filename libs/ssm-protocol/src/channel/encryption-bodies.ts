import { jsonPayload, readJsonObject } from '../message/bodies.ts';

/** Bodies of the KMS part of the handshake (specification section 8). Bytes travel as base64 within the JSON. */

/** Longest base64 text that is taken apart; a ciphertext blob of KMS has at most 6144 bytes. */
const base64CharsMax = 16_384;

/** Bytes as base64 text. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** The bytes of a base64 text; undefined for anything else. */
export function fromBase64(text: unknown): Uint8Array | undefined {
  if (typeof text !== 'string' || text.length > base64CharsMax) return undefined;
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch {
    return undefined; // not base64: the caller refuses the message
  }
}

/** What the agent asks for in a KMSEncryption action. */
export interface KmsRequest {
  readonly keyId: string;
  /** Base64 of 16 random bytes, which become part of the encryption context; agents before about 3.3.808.0 send none. */
  readonly challenge: string | undefined;
}

/** Reads the parameters of a KMSEncryption action; undefined when there is no key. */
export function readKmsRequest(parameters: Readonly<Record<string, unknown>>): KmsRequest | undefined {
  const keyId = parameters['KMSKeyId'];
  const challenge = parameters['Challenge'];
  if (typeof keyId !== 'string' || keyId === '' || keyId.length > 2048) return undefined;
  const given = typeof challenge === 'string' && challenge !== '' && challenge.length <= 1024;
  return { keyId, challenge: given ? challenge : undefined };
}

/** ActionResult of a KMSEncryption action, as the client answers it. */
export function kmsResult(ciphertext: Uint8Array, acknowledgesChallenge: boolean): unknown {
  return {
    KMSCipherTextKey: toBase64(ciphertext),
    KMSCipherTextHash: null,
    ...(acknowledgesChallenge && { ChallengeAcknowledgement: true }),
  };
}

/** Reads the ActionResult of a KMSEncryption action; undefined when it holds no key. */
export function readKmsResult(
  result: unknown,
): { readonly ciphertext: Uint8Array; readonly acknowledgesChallenge: boolean } | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  const members = result as Readonly<Record<string, unknown>>;
  const ciphertext = fromBase64(members['KMSCipherTextKey']);
  if (ciphertext === undefined || ciphertext.length === 0) return undefined;
  return { ciphertext, acknowledgesChallenge: members['ChallengeAcknowledgement'] === true };
}

/** Payload of EncChallengeRequest and EncChallengeResponse: sealed random bytes. */
export function challengePayload(sealed: Uint8Array): Uint8Array {
  return jsonPayload({ Challenge: toBase64(sealed) });
}

/** The sealed bytes of a challenge; undefined when the payload is malformed. */
export function readChallenge(payload: Uint8Array): Uint8Array | undefined {
  return fromBase64(readJsonObject(payload)?.['Challenge']);
}

/** Parts of an encryption context of KMS for one session. */
export interface SessionKeyContext {
  readonly sessionId: string;
  /** `Target` of StartSession, which is the agent's instance id. */
  readonly targetId: string;
  /** Base64, when the client acknowledges the agent's challenge. */
  readonly challenge: string | undefined;
}

/** The encryption context that GenerateDataKey and Decrypt are called with; both ends must make the same. */
export function sessionKeyContext(parts: SessionKeyContext): Readonly<Record<string, string>> {
  return {
    'aws:ssm:SessionId': parts.sessionId,
    'aws:ssm:TargetId': parts.targetId,
    ...(parts.challenge !== undefined && { 'aws:ssm:RandomChallenge': parts.challenge }),
  };
}
