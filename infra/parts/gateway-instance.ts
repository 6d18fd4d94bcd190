import type { Gateway, NetworkRoute, Resource } from '@sallyport/catalog';
import { renderGatewayPermissions, renderServiceTrust } from '@sallyport/iam-policy';
import { sessionsKept } from './sessions-kept.ts';
import { aws_ec2 as ec2, aws_iam as iam } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { AgentSettings } from '../settings.ts';
import { agentPermissions, agentScript, joined, wantsAgent } from './agent-user-data.ts';
import type { GatewayNetwork } from './network.ts';
import { permitOpenScript } from './permit-open.ts';

export interface GatewayInstance {
  readonly gateway: Gateway;
  /** What it must reach; nothing else is let out. */
  readonly resources: readonly Resource[];
  readonly network: GatewayNetwork;
  /** Where names are taken to lie, since a security group knows only addresses. */
  readonly vpcCidr: string;
  readonly controlPlaneCidr: string | undefined;
  readonly instanceType: string;
  readonly agent: AgentSettings | undefined;
}

/** The newest Amazon Linux 2023 for ARM, resolved when the stack is deployed; it holds the SSM Agent. */
const image = '{{resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64}}';

/**
 * One gateway: no public address, no way in, IMDSv2 with one hop (a forwarded connection cannot read its credentials),
 * an encrypted disk, and the tags of the catalogue's selector.
 */
export function addGatewayInstance(scope: Construct, input: GatewayInstance): ec2.CfnInstance {
  const { gateway, network } = input;
  const agent = wantsAgent(input.resources) ? input.agent : undefined;
  const permitOpen = permitOpenScript(input.resources);
  const userData = joined([
    ...(permitOpen === undefined ? [] : [permitOpen]),
    ...(agent === undefined ? [] : [agentScript(gateway, agent)]),
  ]);
  const name = `Gateway-${gateway.name}`;
  const role = new iam.CfnRole(scope, `${name}-Role`, {
    description: `Sallyport gateway ${gateway.name}: sessions of the SSM Agent and nothing else`,
    assumeRolePolicyDocument: renderServiceTrust({
      service: ec2Service(gateway.account.partition),
      accountId: null,
    }),
    policies: [
      { policyName: 'agent', policyDocument: renderGatewayPermissions(sessionsKept(input.resources)) },
      ...(agent === undefined
        ? []
        : [{ policyName: 'companion', policyDocument: agentPermissions(gateway, agent) }]),
    ],
  });
  const profile = new iam.CfnInstanceProfile(scope, `${name}-Profile`, { roles: [role.ref] });
  const group = new ec2.CfnSecurityGroup(scope, `${name}-Access`, {
    vpcId: network.vpcId,
    groupDescription: `Sallyport gateway ${gateway.name}: nothing in, only catalogued destinations out`,
    securityGroupIngress: [],
    securityGroupEgress: egressOf(input),
  });
  return new ec2.CfnInstance(scope, name, {
    imageId: image,
    instanceType: input.instanceType,
    iamInstanceProfile: profile.ref,
    networkInterfaces: [
      {
        deviceIndex: '0',
        subnetId: network.subnetId,
        associatePublicIpAddress: false,
        groupSet: [group.attrGroupId],
        deleteOnTermination: true,
      },
    ],
    metadataOptions: {
      httpEndpoint: 'enabled',
      httpTokens: 'required',
      httpPutResponseHopLimit: 1,
      instanceMetadataTags: 'disabled',
    },
    blockDeviceMappings: [
      { deviceName: '/dev/xvda', ebs: { encrypted: true, volumeType: 'gp3', deleteOnTermination: true } },
    ],
    monitoring: true,
    ...(userData === undefined ? {} : { userData: Buffer.from(userData).toString('base64') }),
    tags: Object.entries({ Name: `sallyport-${gateway.name}`, ...gateway.selector }).map(([key, value]) => ({
      key,
      value,
    })),
  });
}

/** China's EC2 has a name of its own there; other services and partitions do not. */
const ec2Service = (partition: string) =>
  partition === 'aws-cn' ? 'ec2.amazonaws.com.cn' : 'ec2.amazonaws.com';

/** HTTPS to the Systems Manager endpoints, and each destination of the catalogue once. */
function egressOf(input: GatewayInstance): ec2.CfnSecurityGroup.EgressProperty[] {
  const rules = new Map<string, ec2.CfnSecurityGroup.EgressProperty>();
  const add = (cidrIp: string, port: number, description: string) => {
    const key = `${cidrIp} ${port}`;
    if (rules.has(key)) return;
    rules.set(key, { ipProtocol: 'tcp', fromPort: port, toPort: port, cidrIp, description });
  };
  add(input.network.endpointCidr, 443, 'Systems Manager');
  for (const { connectable, host, port } of input.resources) {
    if (!connectable || host === null || port === null) continue;
    const address = /^\d+(\.\d+){3}$/.test(host);
    add(address ? `${host}/32` : input.vpcCidr, port, `to ${host}`);
  }
  const networks = input.resources.flatMap(({ connectable, network }) =>
    connectable && network ? [network] : [],
  );
  if (networks.some(({ way }) => way === 'agent') && input.controlPlaneCidr !== undefined)
    add(input.controlPlaneCidr, 443, 'control plane, for the companion agent');
  if (wantsAgent(input.resources) && input.agent?.releaseCidr !== undefined)
    add(input.agent.releaseCidr, 443, 'release of the companion agent');
  return [...rules.values(), ...networks.flatMap(({ routes }) => routes.flatMap(networkEgress))];
}

/** What a route of a subnet lets out; 8 and -1 stand for echo requests of any code. */
function networkEgress({ cidr, ports, proto }: NetworkRoute): ec2.CfnSecurityGroup.EgressProperty[] {
  const to = { ...(cidr.includes(':') ? { cidrIpv6: cidr } : { cidrIp: cidr }), description: `to ${cidr}` };
  if (proto === 'ip') return [{ ipProtocol: '-1', ...to }];
  if (proto === 'icmp')
    return cidr.includes(':')
      ? [{ ipProtocol: 'icmpv6', fromPort: 128, toPort: -1, ...to }]
      : [{ ipProtocol: 'icmp', fromPort: 8, toPort: -1, ...to }];
  return ports.map(([fromPort, toPort]) => ({ ipProtocol: proto, fromPort, toPort, ...to }));
}
