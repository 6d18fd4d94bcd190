/** The release of the agent; `build.mjs` holds it against package.json. */
export const agentVersion = '0.1.0';
