/** The way to a private network through the companion agent. */
export {
  AgentReach,
  type AgentReachEvents,
  type AgentReachOptions,
  type AgentTunnel,
} from './agent-reach.ts';
export { carryOver } from './duplex-carrier.ts';
export { paced } from './paced-reach.ts';
export { StreamDuplex } from './stream-duplex.ts';
export type { AgentTokens } from './token-source.ts';
export { zstdPacker } from './zstd-packer.ts';
