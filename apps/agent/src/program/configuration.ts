import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { Problem } from '@sallyport/problems';
import { z } from 'zod';

const address = z.string().refine((text) => isIP(text) !== 0, { message: 'an IPv4 or IPv6 address' });

/** `/etc/sallyport-agent/agent.json`. Nothing is read from the environment. */
export const Configuration = z.strictObject({
  /** Where the control plane answers, such as `https://sallyport.example`. */
  controlPlane: z.url({ protocol: /^https?$/ }),
  /** The instance that the join token is bound to. */
  instanceId: z
    .string()
    .regex(/^(?:i|mi)-[0-9a-f]{8,17}$/)
    .optional(),
  /** The loopback port that the Session document names. */
  port: z.int().min(0).max(65_535).default(7443),
  /** The resolver of the private network; default the first of resolv.conf. */
  resolver: z.strictObject({ address, port: z.int().min(1).max(65_535).default(53) }).optional(),
  /** Further addresses that no token opens. */
  closedAddresses: z.array(address).max(256).default([]),
  stateFolder: z.string().startsWith('/').default('/var/lib/sallyport-agent'),
  /** Flow records that wait may take so much of the disk. */
  recordsMiBMax: z.int().min(1).max(4096).default(64),
  /** Serves Prometheus metrics on loopback; none without it. */
  metricsPort: z.int().min(0).max(65_535).optional(),
  /** Where a one-time join token lies until the agent has enrolled; removed then. */
  joinTokenFile: z.string().startsWith('/').optional(),
  /** Whole packets (L3); not offered without it. */
  l3: z
    .strictObject({
      /** A TUN device that belongs to the agent's user. */
      device: z.string().regex(/^[a-z][a-z0-9_-]{0,14}$/),
      /** What packets leave from: an address that leads into the device and is not its own, at most one of each family. */
      addresses: z.array(address).min(1).max(2),
    })
    .optional(),
  /** Signed updates; none without a key. */
  updates: z
    .strictObject({
      /** A folder or an HTTPS address that holds `manifest.json`. */
      from: z.string().min(1),
      /** The Ed25519 key that signs releases, base64url. */
      publicKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
    })
    .optional(),
});
export type Configuration = z.infer<typeof Configuration>;

export const defaultConfigurationPath = '/etc/sallyport-agent/agent.json';

/**
 * Reads the configuration. Refuses AGENT_CONFIGURATION_INVALID: not there, another form, or writable by others than its owner, who is root or
 * the agent's own user.
 */
export function readConfiguration(path: string): Configuration {
  let text: string;
  try {
    const { mode, uid } = statSync(path);
    if ((mode & 0o022) !== 0) throw invalid(`${path} can be written by others than its owner.`);
    if (uid !== 0 && uid !== process.geteuid?.()) throw invalid(`${path} belongs to another user.`);
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw cause instanceof Problem ? cause : invalid(`${path} cannot be read.`, cause);
  }
  const read = Configuration.safeParse(parsed(text, path));
  if (read.success) return read.data;
  const issues = read.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw invalid(`${path}: ${issues.join('; ')}`);
}

function parsed(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(`${path} is no JSON.`, cause);
  }
}

export function invalid(detail: string, cause?: unknown): Problem {
  return new Problem('AGENT_CONFIGURATION_INVALID', { detail, cause });
}
