import { hash, verify, type Algorithm } from '@node-rs/argon2';

// Its enum exists for the compiler only.
const argon2id = 2 as Algorithm.Argon2id;

/** OWASP's argon2id setting: 19 MiB, two passes, one lane. About 20 ms. */
const cost = { algorithm: argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** The hash of no password that anybody has: compared with when an account does not exist, so that both take as long. */
const nobodys = hash('no such account', cost);

/** The argon2id hash of a password, with its parameters and salt. */
export function hashPassword(password: string): Promise<string> {
  return hash(password, cost);
}

/** Whether a password belongs to a hash; takes as long when there is no hash. */
export async function passwordMatches(passwordHash: string | null, password: string): Promise<boolean> {
  const matches = await verify(passwordHash ?? (await nobodys), password);
  return passwordHash !== null && matches;
}
