import type { Proof } from './proof.ts';

/** Every proof by name, in the order in which `npm run proof` runs them. Loaded when it is its turn. */
export const proofs: Readonly<Record<string, () => Promise<Proof>>> = {
  'wire-simulation': async () => (await import('./proofs/wire-simulation.ts')).wireSimulation,
  'decoder-fuzz': async () => (await import('./proofs/decoder-fuzz.ts')).decoderFuzz,
  'packet-fuzz': async () => (await import('./proofs/packet-fuzz.ts')).packetFuzz,
  'agent-simulation': async () => (await import('./proofs/agent-simulation.ts')).agentSimulation,
  'agent-fuzz': async () => (await import('./proofs/agent-fuzz.ts')).agentFuzz,
  drops: async () => (await import('./proofs/drops.ts')).drops,
  'real-clients': async () => (await import('./proofs/real-clients.ts')).realClients,
  soak: async () => (await import('./proofs/soak.ts')).soak,
  'helper-fuzz': async () => (await import('./proofs/helper-fuzz.ts')).helperFuzz,
  'route-kills': async () => (await import('./proofs/route-kills.ts')).routeKills,
  'agent-kills': async () => (await import('./proofs/agent-kills.ts')).agentKills,
};
