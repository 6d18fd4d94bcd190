/** Packets, filter and flows between a TUN device (or a packet filter) and a reach into a private network. */
export type {
  Carried,
  DatagramFlow,
  Destination,
  NameAnswer,
  OpeningNow,
  OpenTold,
  Reach,
} from './reach/reach.ts';
export { addressText, canonicalAddress, contains, parseAddress, parseRange } from './packet/address.ts';
export type { Address, Family, Range } from './packet/address.ts';
export { fold, sum, updateChecksum, writeChecksum } from './packet/checksum.ts';
export { PacketView, type Malformed } from './packet/packet-view.ts';
export { readRules, type Protocol, type Route, type Rule } from './filter/rule.ts';
export { Filter, type FilterSettings } from './filter/filter.ts';
export { dropReasons, verdict, type DropReason, type Verdict } from './filter/verdict.ts';
export type {
  FilterListener,
  FilterRouter,
  FilterRouterSettings,
  Framing,
  NameSettings,
  Router,
  RouterCounters,
  RouterSettings,
  TunDevice,
} from './router/contract.ts';
