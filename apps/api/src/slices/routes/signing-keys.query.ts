import { fingerprint } from '@sallyport/grant-token';
import type { Signer } from '../../platform/signer/signer.ts';
import type { SigningKeyListDto } from './routes.dto.ts';

/** The public keys of the signer, for agents, helpers and people who compare fingerprints. */
export class SigningKeys {
  readonly #signer: Signer;
  constructor(signer: Signer) {
    this.#signer = signer;
  }

  /** The one that signs now comes first. Refuses with SIGNER_UNAVAILABLE. */
  async read(): Promise<SigningKeyListDto> {
    const { issuer, serial, keys, keySet, keySets } = await this.#signer.keys();
    return {
      issuer,
      serial,
      keys: keys.map(({ kty, crv, x, kid }) => ({ kty, crv, x, kid: kid ?? '', alg: 'EdDSA', use: 'sig' })),
      fingerprints: keys.map(({ kid }) => fingerprint(kid ?? '')),
      keySet,
      keySets,
    };
  }
}
