/** The companion agent: dials what signed tokens allow. This entry runs it inside another program, with a network of its own. */
export { startAgent, type AgentConfig, type RunningAgent, type StartAgentOptions } from './start-agent.ts';
export type { AgentPorts, ControlPlane, GatewayNetwork, PacketDevice } from './ports.ts';
export type { FlowEnd, FlowRecord } from './records/flow-record.ts';
export { RecordBuffer } from './records/record-buffer.ts';
export { httpControlPlane } from './node/http-control-plane.ts';
export { gatewayNetwork } from './node/gateway-network.ts';
export { packer } from './node/packer.ts';
export { agentVersion } from './version.ts';
