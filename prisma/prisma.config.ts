import { fileURLToPath } from 'node:url';
import { defineConfig } from 'prisma/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Prisma's own engine is a binary it downloads; ours is the WebAssembly engine of a package (ADR 0040). The
// configuration is loaded before the engine is looked up, so setting the variable here is early enough.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= here('schema-engine.mjs');

export default defineConfig({
  schema: here('schema'),
  migrations: { path: here('migrations') },
  datasource: {
    url: process.env.DATABASE_MIGRATE_URL ?? process.env.DATABASE_URL ?? 'postgresql://localhost/sallyport',
  },
});
