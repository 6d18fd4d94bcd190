import { readFile } from 'node:fs/promises';
import { httpControlPlane } from '@sallyport/agent';
import type { Effects } from '@sallyport/effects';
import type { TokenSigner } from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';
import { z } from 'zod';

const form = z.object({ apiUrl: z.url() });

type ControlPlane = ReturnType<typeof httpControlPlane>;

/**
 * The control plane of this installation, found anew at each call: it starts after the sandbox, writes where it is (`sandbox.json`), and may be
 * elsewhere after a restart.
 */
export function controlPlaneOfInstallation(parts: {
  /** The file that names it. */
  readonly file: string;
  readonly agentId: string;
  readonly issuer: string;
  readonly signer: TokenSigner;
  readonly effects: Effects;
}): ControlPlane {
  const { file, agentId, issuer, signer, effects } = parts;
  const found = async (): Promise<ControlPlane> => {
    const read = await readFile(file, 'utf8')
      .then((text) => form.parse(JSON.parse(text)))
      .catch((cause: unknown) => {
        throw new Problem('SERVER_UNREACHABLE', { cause });
      });
    return httpControlPlane({ baseUrl: new URL(read.apiUrl).origin, agentId, issuer, signer, effects });
  };
  return {
    takeFlows: async (records, signal) => (await found()).takeFlows(records, signal),
    revocations: async (after, signal) => (await found()).revocations(after, signal),
    keySets: async (signal) => (await found()).keySets(signal),
  };
}
