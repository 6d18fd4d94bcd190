/** The Session Manager wire, both roles, sans I/O. See the README beside this folder. */
export * as limits from './limits.ts';
export type { WireEnvironment } from './environment.ts';
export { wireReasons, type WireReason } from './errors.ts';
export type * from './session/contract.ts';
