/** The protocol between a client and the companion agent, both roles, without input and output of its own. */
export * as limits from './limits.ts';
export { endCodeOf, endCodes, flowCodeOf, flowCodes, type EndCode, type FlowCode } from './codes.ts';
export type * from './contract.ts';
export { gather } from './frame/gather.ts';
export { createAgentMux, type AgentMux } from './agent/agent-mux.ts';
export { createClientLink, type CarrierStats, type ClientLink } from './client/client-link.ts';
export { Pacer } from './pacer.ts';
export type { Feature } from './handshake/messages.ts';
