/** The protocol between a client and the companion agent, both roles, without input and output of its own. */
export * as limits from './limits.ts';
export { endCodeOf, endCodes, flowCodeOf, flowCodes, type EndCode, type FlowCode } from './codes.ts';
export type * from './contract.ts';
