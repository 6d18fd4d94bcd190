import { aws_ec2 as ec2, Fn } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Where gateways stand. */
export interface GatewayNetwork {
  readonly vpcId: string;
  readonly subnetId: string;
  /** Where the Systems Manager endpoints are: addresses of the VPC, or anywhere when the subnet is not ours. */
  readonly endpointCidr: string;
}

/** What the SSM Agent must reach; a VPC without internet gateway offers it by interface endpoints. */
const endpointServices = ['ssm', 'ssmmessages', 'ec2messages'];

/** A VPC with one private subnet, no internet gateway, no NAT: its only ways out are the endpoints. */
export function addPrivateNetwork(scope: Construct, region: string, cidr: string): GatewayNetwork {
  const vpc = new ec2.CfnVPC(scope, 'Vpc', {
    cidrBlock: cidr,
    enableDnsHostnames: true,
    enableDnsSupport: true,
  });
  const subnet = new ec2.CfnSubnet(scope, 'PrivateSubnet', {
    vpcId: vpc.ref,
    cidrBlock: Fn.select(0, Fn.cidr(vpc.attrCidrBlock, 1, '8')),
    mapPublicIpOnLaunch: false,
  });
  const fromVpc = new ec2.CfnSecurityGroup(scope, 'EndpointAccess', {
    vpcId: vpc.ref,
    groupDescription: 'HTTPS from the VPC to the Systems Manager endpoints',
    securityGroupIngress: [
      {
        ipProtocol: 'tcp',
        fromPort: 443,
        toPort: 443,
        cidrIp: cidr,
        description: 'Systems Manager from inside',
      },
    ],
    // Endpoints answer only; this stands in place of the open egress that EC2 adds by default.
    securityGroupEgress: [{ ipProtocol: '-1', cidrIp: '127.0.0.1/32', description: 'nowhere' }],
  });
  for (const service of endpointServices) {
    new ec2.CfnVPCEndpoint(scope, `Endpoint-${service}`, {
      vpcId: vpc.ref,
      vpcEndpointType: 'Interface',
      serviceName: `com.amazonaws.${region}.${service}`,
      privateDnsEnabled: true,
      subnetIds: [subnet.ref],
      securityGroupIds: [fromVpc.attrGroupId],
    });
  }
  return { vpcId: vpc.ref, subnetId: subnet.ref, endpointCidr: cidr };
}
