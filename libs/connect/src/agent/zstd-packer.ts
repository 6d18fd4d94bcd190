import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Packer } from '@sallyport/agent-protocol';

/** The fastest level that still finds repetition. */
const params = { [constants.ZSTD_c_compressionLevel]: 1 };

/** zstd of single chunks, of Node itself. What it unpacks is never longer than was announced. */
export const zstdPacker: Packer = {
  pack: (bytes) => {
    const packed = zstdCompressSync(bytes, { params });
    return packed.length < bytes.length ? packed : undefined;
  },
  unpack: (bytes, plainBytes) => zstdDecompressSync(bytes, { maxOutputLength: plainBytes }),
};
