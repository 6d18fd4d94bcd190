/** Doubles, builders and devices for tests of the packet side. */
export { directReach, type DirectReachSettings } from './direct-reach.ts';
export { openTun } from './open-tun.ts';
export { fuzzPackets, fuzzQueries, type Finding } from './fuzz.ts';
export { fuzzPath } from './fuzz-path.ts';
export { fuzzEnds } from './fuzz-ends.ts';
export { strictConversation, type Trouble } from './strict-conversation.ts';
export { outsideGrant, outsidePackets, seededNumbers } from './outside-packets.ts';
export { naiveVerdict, type Told } from './naive-filter.ts';
export { buildPacket, checksumsHold, slowChecksum, type PacketShape } from './packets.ts';
