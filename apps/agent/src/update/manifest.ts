import { signatureIsGood, type PublicKey, type TokenSigner } from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';
import { z } from 'zod';

const version = z.string().regex(/^\d{1,5}\.\d{1,5}\.\d{1,5}$/);

/** One file of a release: the plain bundle (`node`), or a single executable for one kind of machine. */
export const Artefact = z.strictObject({
  platform: z.enum(['node', 'linux-x64', 'linux-arm64']),
  /** Name of the file beside the manifest. */
  file: z.string().regex(/^[\w][\w.-]{0,127}$/),
  /** Hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: z
    .int()
    .min(1)
    .max(512 * 1024 * 1024),
});
export type Artefact = z.infer<typeof Artefact>;

export const Manifest = z.strictObject({
  product: z.literal('sallyport-agent'),
  version,
  artefacts: z.array(Artefact).min(1).max(8),
});
export type Manifest = z.infer<typeof Manifest>;

/** The signed form: the exact bytes that were signed, and the signature over them. */
const Signed = z.strictObject({ manifest: z.string().max(64 * 1024), signature: z.string().max(128) });

/** Signs a manifest; the text is what `manifest.json` holds. */
export async function signManifest(manifest: Manifest, signer: TokenSigner): Promise<string> {
  const text = JSON.stringify(Manifest.parse(manifest));
  const signature = await signer.sign(new TextEncoder().encode(text));
  return `${JSON.stringify({ manifest: text, signature: Buffer.from(signature).toString('base64url') })}\n`;
}

/** Reads a manifest that was signed with `key`. Refuses AGENT_UPDATE_REFUSED: another form, or not signed with that key. */
export async function readManifest(text: string, key: PublicKey): Promise<Manifest> {
  const signed = Signed.safeParse(parsed(text));
  if (!signed.success) throw refused('The manifest has not the agreed form.');
  const { manifest, signature } = signed.data;
  const bytes = new TextEncoder().encode(manifest);
  if (!(await signatureIsGood(key, bytes, Buffer.from(signature, 'base64url'))))
    throw refused('The manifest is not signed with the key of this agent’s releases.');
  const read = Manifest.safeParse(parsed(manifest));
  if (!read.success) throw refused('The manifest has not the agreed form.');
  return read.data;
}

/** Negative when `a` is older than `b`, 0 when they are the same. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.split('.').map(Number), b.split('.').map(Number)];
  const at = left.findIndex((part, index) => part !== right[index]);
  return at === -1 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
}

export function refused(detail: string, cause?: unknown): Problem {
  return new Problem('AGENT_UPDATE_REFUSED', { detail, cause });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refused('The manifest is no JSON.', cause);
  }
}
