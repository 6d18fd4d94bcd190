import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const hour = 3_600_000;

/** The library's own word for a pair: its types and those of Node and of browsers differ in small print. */
type Pair = NonNullable<Parameters<typeof X509CertificateGenerator.createSelfSigned>[0]['keys']>;

/** A certificate with its key, as PEM. */
export interface KeyedCertificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority of this test run, and a server certificate of it for the given names. Valid for an hour. */
export async function certified(names: readonly string[]): Promise<{ ca: string; server: KeyedCertificate }> {
  const period = { notBefore: new Date(Date.now() - hour), notAfter: new Date(Date.now() + hour) };
  const pair = async (): Promise<Pair> => {
    const made: unknown = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    return made as Pair;
  };
  const [authority, server] = [await pair(), await pair()];
  const ca = await X509CertificateGenerator.createSelfSigned({
    ...{ name: 'CN=Test authority', serialNumber: '01', ...period },
    ...{ keys: authority, signingAlgorithm: algorithm },
    extensions: [new BasicConstraintsExtension(true, 0, true)],
  });
  const certificate = await X509CertificateGenerator.create({
    ...{ subject: 'CN=Test server', issuer: ca.subject, serialNumber: '02', ...period },
    ...{ publicKey: server.publicKey, signingKey: authority.privateKey, signingAlgorithm: algorithm },
    extensions: [
      new SubjectAlternativeNameExtension(names.map((value) => ({ type: 'dns' as const, value }))),
    ],
  });
  const pkcs8 = Buffer.from(
    await webcrypto.subtle.exportKey('pkcs8', server.privateKey as webcrypto.CryptoKey),
  ).toString('base64');
  const key = `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n`;
  return { ca: ca.toString('pem'), server: { cert: certificate.toString('pem'), key } };
}
