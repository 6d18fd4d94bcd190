/**
 * `npm run vectors -- FILE`: holds the codec against a file in the form of `libs/ssm-protocol/vectors/ssm-vectors.json`. Prints one
 * line for each vector that fails, and ends with `N passed, M failed`. Exit 0 when all passed, 1 when not, 2 without a readable file.
 */
import { createCipheriv, createDecipheriv, hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { AesGcm } from '@sallyport/ssm-protocol';
import { judgeVector, readVectors, type Vector } from '@sallyport/ssm-protocol/testing';

const aesGcm: AesGcm = {
  encrypt: (key, nonce, plaintext) => {
    const cipher = createCipheriv('aes-256-gcm', key, nonce);
    return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
  },
  decrypt: (key, nonce, sealed) => {
    const decipher = createDecipheriv('aes-256-gcm', key, nonce);
    decipher.setAuthTag(sealed.subarray(sealed.length - 16));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
    } catch {
      return undefined; // the tag does not match
    }
  },
};

function read(path: string): readonly Vector[] | undefined {
  try {
    return readVectors(readFileSync(resolve(path), 'utf8'));
  } catch (error) {
    console.error(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function run(path: string): number {
  const vectors = read(path);
  if (vectors === undefined) return 2;
  const tools = { sha256: (bytes: Uint8Array) => hash('sha256', bytes, 'buffer'), aesGcm };
  let failed = 0;
  for (const vector of vectors) {
    const difference = judgeVector(vector, tools);
    if (difference === undefined) continue;
    failed += 1;
    console.log(`FAILED ${vector.name}: ${difference}`);
  }
  console.log(`${vectors.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

const path = process.argv[2];
if (path === undefined) console.error('usage: npm run vectors -- FILE');
process.exitCode = path === undefined ? 2 : run(path);
