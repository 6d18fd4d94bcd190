import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Packer } from '@sallyport/agent-protocol';

/** zstd at its fastest useful level: a gateway has little processor to spare, and a session carries less than a megabyte a second. */
const level = 1;

/** The compressor of the link; what does not become shorter stays as it is. */
export const packer: Packer = {
  pack(bytes) {
    const packed = zstdCompressSync(bytes, {
      params: { [constants.ZSTD_c_compressionLevel]: level },
    });
    return packed.length < bytes.length ? packed : undefined;
  },
  unpack(bytes, plainBytes) {
    const plain = zstdDecompressSync(bytes, { maxOutputLength: plainBytes });
    if (plain.length !== plainBytes) throw new Error('The packed bytes have another length.');
    return plain;
  },
};
