/**
 * The signers of AWS's SDK, for a lazy import of this module. Imported lazily by their own names they have no named exports in the
 * bundle: they are CommonJS, and a chunk of such a module has a default export alone.
 */
export { Sha256 } from '@aws-crypto/sha256-js';
export { Signer } from '@aws-sdk/rds-signer';
export { HttpRequest } from '@smithy/protocol-http';
export { SignatureV4 } from '@smithy/signature-v4';
