import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import type { Effects } from '@sallyport/effects';
import { writePrivateText } from '../principals/private-file.ts';

/** What a TLS listener needs, and the file its callers must trust. */
export interface ServerTls {
  /** Private key and certificate chain, PEM. */
  readonly key: string;
  readonly cert: string;
  /** Certificate of the installation's authority, PEM, as a file. */
  readonly caFile: string;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 24 * 3600 * 1000;
const authorityDays = 3650;
const serverDays = 397;
/** Started a day early, so that a machine whose clock is behind trusts it too. */
const earlyMs = dayMs;

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly key: webcrypto.CryptoKey;
}

/**
 * The TLS identity of a listener: a certificate for `names` (host names and addresses) by the authority of this
 * installation, which is made once and kept, keys 0600, in `folder`. The server's own certificate is new at each start.
 */
export async function serverTls(
  folder: string,
  names: readonly string[],
  effects: Pick<Effects, 'clock' | 'random'>,
): Promise<ServerTls> {
  const caFile = join(folder, 'ca.pem');
  const authority = await keptAuthority(caFile, join(folder, 'ca-key.pem'), effects);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const now = effects.clock.now();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialOf(effects),
    subject: `CN=${names[0] ?? 'localhost'}`,
    issuer: authority.certificate.subject,
    notBefore: new Date(now - earlyMs),
    notAfter: new Date(now + serverDays * dayMs),
    publicKey: asLibraryKey(keys.publicKey),
    signingKey: asLibraryKey(authority.key),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      // Go's verifier reads names from here alone, addresses only as addresses.
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
    ],
  });
  return {
    key: await pemOf(keys.privateKey),
    cert: `${certificate.toString('pem')}\n`,
    caFile,
  };
}

/** The platform's key under the type that the certificate library knows: the same class, typed apart where a program has the DOM's types as well. */
function asLibraryKey(key: webcrypto.CryptoKey | webcrypto.CryptoKeyPair): never {
  return key as never;
}

/** The authority of the folder, or a new one when there is none or it is about to end. */
async function keptAuthority(
  caFile: string,
  keyFile: string,
  effects: Pick<Effects, 'clock' | 'random'>,
): Promise<Authority> {
  const now = effects.clock.now();
  if (existsSync(caFile) && existsSync(keyFile)) {
    const certificate = new x509.X509Certificate(await readFile(caFile, 'utf8'));
    if (certificate.notAfter.getTime() > now + serverDays * dayMs)
      return { certificate, key: await keyOf(await readFile(keyFile, 'utf8')) };
  }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialOf(effects),
    name: 'CN=Sallyport sandbox authority',
    notBefore: new Date(now - earlyMs),
    notAfter: new Date(now + authorityDays * dayMs),
    keys: asLibraryKey(keys),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(asLibraryKey(keys.publicKey)),
    ],
  });
  await writePrivateText(keyFile, await pemOf(keys.privateKey));
  await writePrivateText(caFile, `${certificate.toString('pem')}\n`);
  return { certificate, key: keys.privateKey };
}

/** Positive, 16 bytes, hex. */
function serialOf({ random }: Pick<Effects, 'random'>): string {
  return `4${Buffer.from(random.bytes(16)).toString('hex').slice(1)}`;
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

async function keyOf(pem: string): Promise<webcrypto.CryptoKey> {
  const [bytes] = x509.PemConverter.decode(pem);
  return webcrypto.subtle.importKey('pkcs8', bytes!, algorithm, true, ['sign']);
}
