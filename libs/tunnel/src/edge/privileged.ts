/** What the privileged helper makes of a system: judged plans as pure text, and the few calls that touch it. No data path. */
export * from './networks.ts';
export {
  isNeverRouted,
  isReservedName,
  isReservedSuffix,
  isTooWide,
  isVirtual,
  reservedInside,
} from './reserved.ts';
export {
  describe,
  ownerOf,
  refuseConflicts,
  routesOf,
  routesOfNetstat,
  type ExistingRoute,
} from './conflicts.ts';
export {
  isOurPreference,
  isOurTable,
  routeProtocol,
  rulesPerSlot,
  slot,
  slotCount,
  type Capture,
  type EdgePlan,
  type Slot,
} from './plan.ts';
export {
  deviceLines,
  difference,
  overTheDevice,
  routeLines,
  ruleLines,
  sweepLines,
  withVerb,
} from './linux/ip-lines.ts';
export { replacingLine, tableLine } from './linux/nft-text.ts';
export { resolvedCalls } from './linux/resolved.ts';
export { blockOwners, withBlock, withoutBlocks, type HostsEntry } from './hosts-block.ts';
export { changeHostsFile } from './hosts-file.ts';
export {
  openTun,
  openUtun,
  receive,
  sendWithDescriptor,
  uidOfPeer,
  type OpenDevice,
} from './native/devices.ts';
export { SystemCallError, type LibC, type Received } from './native/system-calls.ts';
export { pfAnchor, pfRules, pfToken, refusePfConflicts, type PfState } from './darwin/pf-text.ts';
export { defaultWay, ifconfigCalls, routeCalls, utunMtuMax, type DefaultWay } from './darwin/commands.ts';
export { isOurResolverFile, resolverFiles, resolverMark } from './darwin/resolver-files.ts';
export { refuseForeignListeners, refuseTakenListeners, type Listener } from './listeners.ts';
export { listenersOfProc } from './linux/proc-net.ts';
export { listenersOfLsof, lsofArguments } from './darwin/lsof-text.ts';
