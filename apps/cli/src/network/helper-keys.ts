import { Problem } from '@sallyport/problems';
import type { HelperConnection } from '@sallyport/tunnel/helper-messages';
import type { Server } from '../server/server.ts';

/**
 * Asks the helper; when it does not know the key that signed, hands it the control plane's signed sets of keys and asks once more. The helper judges them: this program
 * only carries them. Refuses with HELPER_KEYS_OLD when no chain leads from what the helper believes.
 */
export async function withNewKeys<T>(
  { api }: Server,
  helper: Pick<HelperConnection, 'followKeys'>,
  ask: () => Promise<T>,
): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'HELPER_KEYS_OLD') throw error;
    const { keySets } = await api.listSigningKeys();
    if (keySets.length === 0) throw error;
    await helper.followKeys(keySets).catch((cause: unknown) => {
      if (!(cause instanceof Problem)) throw cause;
      // Another tunnel handed them over in the meantime.
      if (cause.code === 'SIGNED_TOKEN_EXPIRED') return;
      throw new Problem('HELPER_KEYS_OLD', { detail: cause.detail, cause });
    });
    return ask();
  }
}
