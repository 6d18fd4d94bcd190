import { Problem } from '@sallyport/problems';
import type { HelperConnection } from '@sallyport/tunnel/helper-messages';
import type { Via } from './facts.ts';
import type { NetworkSystem } from './system.ts';

/** How a resource is opened, with the helper where one is needed. */
export interface WithHelper {
  readonly via: 'tun' | 'filter';
  readonly helper: HelperConnection;
  /** A further connection. */
  readonly connect: () => Promise<HelperConnection>;
}

export type Chosen =
  | WithHelper
  /** `missing`: a device would have been better, and there is no helper for it. */
  | { readonly via: 'port'; readonly missing: boolean };

/**
 * A device for a network and a port for everything else, unless the person chose. What was chosen and cannot be had is refused; what was not chosen falls
 * back to what needs no privilege.
 */
export async function chooseVia(
  system: NetworkSystem,
  wished: Via | undefined,
  isNetwork: boolean,
  helperSocket: string | undefined,
): Promise<Chosen> {
  if (wished === 'port' || (wished === undefined && !isNetwork)) return { via: 'port', missing: false };
  try {
    const connect = () => system.helper(helperSocket);
    return { via: wished ?? 'tun', helper: await connect(), connect };
  } catch (error) {
    const absent = error instanceof Problem && error.code === 'HELPER_NOT_INSTALLED';
    if (wished === undefined && absent) return { via: 'port', missing: true };
    throw error;
  }
}
