import { Problem } from '@sallyport/problems';
import type { SigningKeyListDto } from './routes.dto.ts';

/** The public keys of the signer. */
export class SigningKeys {
  /** Refuses with SIGNER_UNAVAILABLE. */
  read(): Promise<SigningKeyListDto> {
    return Promise.reject(new Problem('SIGNER_UNAVAILABLE'));
  }
}
