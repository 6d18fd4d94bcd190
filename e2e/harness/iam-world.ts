import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BasicConstraintsExtension, PemConverter, X509CertificateGenerator } from '@peculiar/x509';
import { iamDatabase, writeIamWorld } from '../../apps/sandbox/test/world/iam-world.ts';
import type { ProductOptions } from './product.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const dayMs = 24 * 3600 * 1000;

/** The endpoint's true name: what its certificate and its tokens must say. */
export const iamEndpoint = iamDatabase.host;

/** The bastion whose agent is a process of its own. The others of the world are {@link emulatedBastions}. */
export const attachedInstance = 'i-0f9a5b6c7d8e94a5b';
export const emulatedBastions = ['i-0b5c1d2e3f4a50617', 'i-0c6d2e3f4a5b61728'] as const;

/** An authority in the form that the sandbox keeps its own in; answers its certificate, PEM. */
async function makeAuthority(folder: string): Promise<string> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: 'CN=Authority of the databases',
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + 3650 * dayMs),
    keys: keys as CryptoKeyPair,
    signingAlgorithm: algorithm,
    extensions: [new BasicConstraintsExtension(true, 0, true)],
  });
  const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  const pem = certificate.toString('pem');
  mkdirSync(folder, { mode: 0o700 });
  writeFileSync(join(folder, 'ca.pem'), `${pem}\n`, { mode: 0o600 });
  writeFileSync(join(folder, 'ca-key.pem'), `${key}\n`, { mode: 0o600 });
  return pem;
}

/**
 * The transfer world with `test-iam`: a database that signs people in by IAM, behind TLS of an authority that the catalogue names,
 * and with one more bastion, whose agent may attach.
 */
export async function iamWorld(): Promise<ProductOptions & { readonly folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-iam-'));
  const authority = join(folder, 'authority');
  const ca = await makeAuthority(authority);
  const attached = {
    id: attachedInstance,
    account: 'workloads',
    region: 'eu-west-1',
    zone: 'eu-west-1c',
    name: 'bastion-c',
    address: '10.0.1.13',
    online: true,
    agent: 'attached',
    tags: {
      'jit-managed': 'true',
      'jit-team': 'platform',
      ServerType: 'bastion',
      AccessGranted: 'true',
    },
  };
  const { worldFile, catalogFile } = writeIamWorld({ authority, ca }, { instances: [attached] }, folder);
  return {
    folder,
    sandboxArgs: ['--world', worldFile, '--agent-listen', '127.0.0.1:0'],
    apiEnvironment: { SALLYPORT_CATALOG: catalogFile },
  };
}
