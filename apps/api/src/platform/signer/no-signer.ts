import { Problem } from '@sallyport/problems';
import { Signer } from './signer.ts';

/** Where no signer is configured: networks cannot be reached whole then; everything else can. */
export class NoSigner extends Signer {
  keys() {
    return refuse();
  }
  signAgentToken() {
    return refuse();
  }
  signRouteGrant() {
    return refuse();
  }
}

function refuse(): Promise<never> {
  const detail = 'This control plane has no signer (SALLYPORT_SIGNER_SOCKET).';
  return Promise.reject(new Problem('SIGNER_UNAVAILABLE', { detail }));
}
