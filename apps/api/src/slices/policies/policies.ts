import { readFileSync } from 'node:fs';
import type { PolicySet } from '@sallyport/access-domain';
import { Problem } from '@sallyport/problems';
import canonicalize from 'canonicalize';
import { parse } from 'yaml';
import { sha256Hex } from '../../platform/aws/sha256.ts';
import { parsePolicies } from './policy-form.ts';

/** The policies in force: one committed file for now, read at start. */
export abstract class Policies {
  abstract inForce(): PolicySet;
}

/** Reads a file of policies; its digest is that of its meaning, not of its spacing. Refuses with POLICIES_INVALID. */
export function readPoliciesFile(path: string): PolicySet {
  let written: unknown;
  try {
    written = parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Problem('POLICIES_INVALID', { detail: `${path} cannot be read as YAML.`, cause });
  }
  const policies = parsePolicies(written);
  return { policies, digest: sha256Hex(canonicalize(policies) ?? '') };
}
