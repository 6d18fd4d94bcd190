import { createPublicKey } from 'node:crypto';

/** What Instance Connect takes (documented): RSA of 2,048 to 4,096 bits, and Ed25519. */
const kinds = new Set(['ssh-rsa', 'ssh-ed25519']);
const rsaBitsMin = 2048;
const rsaBitsMax = 4096;
const ed25519Bytes = 32;

/** One line of OpenSSH's public key form without its comment, or undefined when it is not a key that is taken. */
export function readPublicKey(text: string): string | undefined {
  const [kind = '', base64 = ''] = text.trim().split(/\s+/);
  if (!kinds.has(kind) || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || /[\r\n]/.test(text.trim()))
    return undefined;
  const fields = fieldsOf(Buffer.from(base64, 'base64'));
  if (fields === undefined || fields[0]?.toString('latin1') !== kind) return undefined;
  const [, first, second] = fields;
  const fits =
    kind === 'ssh-ed25519'
      ? fields.length === 2 && first?.length === ed25519Bytes
      : fields.length === 3 && first !== undefined && second !== undefined && rsaFits(first, second);
  return fits ? `${kind} ${base64}` : undefined;
}

/** The length-prefixed fields of a key blob; undefined when they do not fill it exactly. */
function fieldsOf(blob: Buffer): Buffer[] | undefined {
  const fields: Buffer[] = [];
  for (let at = 0; at < blob.length;) {
    if (at + 4 > blob.length) return undefined;
    const length = blob.readUInt32BE(at);
    if (at + 4 + length > blob.length) return undefined;
    fields.push(blob.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return fields;
}

function rsaFits(exponent: Buffer, modulus: Buffer): boolean {
  try {
    const key = createPublicKey({
      format: 'jwk',
      key: { kty: 'RSA', e: exponent.toString('base64url'), n: withoutSign(modulus).toString('base64url') },
    });
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
    return bits >= rsaBitsMin && bits <= rsaBitsMax;
  } catch {
    // Numbers that are no key.
    return false;
  }
}

/** SSH writes numbers with a zero byte before a set highest bit. */
function withoutSign(number: Buffer): Buffer {
  return number[0] === 0 ? number.subarray(1) : number;
}
