import { fileURLToPath } from 'node:url';

/** Static export, served by the API from one origin: no server of its own, no rewrites, no images service. */
/** @type {import('next').NextConfig} */
export default {
  output: 'export',
  images: { unoptimized: true },
  poweredByHeader: false,
  reactStrictMode: true,
  // The type check is a task of its own (`typecheck`), with the compiler the rest of the repository uses.
  typescript: { ignoreBuildErrors: true },
  turbopack: { root: fileURLToPath(new URL('../..', import.meta.url)) },
};
