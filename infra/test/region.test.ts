import { documentsOf, renderOsUsersDocument } from '@sallyport/catalog';
import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { settingsOf } from '../settings.ts';
import { aCatalog, propertiesOf, sha256, templatesOf } from './templates.ts';

const { region } = templatesOf();

describe('the session documents', () => {
  it('are those of the catalogue, byte for byte, as Session documents', () => {
    const documents = documentsOf(aCatalog(), sha256);
    // And those that install the companion agent and make accounts of people, which no lease may name.
    region.resourceCountIs('AWS::SSM::Document', documents.length + 2);
    for (const { name, content } of documents) {
      const properties = propertiesOf(region, 'AWS::SSM::Document', name);
      expect(properties).toMatchObject({ DocumentType: 'Session', DocumentFormat: 'JSON' });
      expect(properties['Content']).toBe(content);
    }
  });

  it('are joined by the one for accounts of people, byte for byte, as a Command document', () => {
    const { name, content } = renderOsUsersDocument(sha256);
    const properties = propertiesOf(region, 'AWS::SSM::Document', name);
    expect(properties).toMatchObject({ DocumentType: 'Command', Content: content });
  });

  it('have no parameters and no placeholders', () => {
    const sessions = { Properties: { DocumentType: 'Session' } };
    // What a caller may write is a command, where the catalogue says any.
    const callersCommand = /^jit-(command|interactive)-/;
    for (const { Properties } of Object.values(region.findResources('AWS::SSM::Document', sessions))) {
      const { Content: content, Name } = Properties as { Content: string; Name: string };
      if (!callersCommand.test(Name)) expect(content).not.toMatch(/\{\{|parameters/);
    }
  });
});

describe('the gateway', () => {
  const instance = propertiesOf(region, 'AWS::EC2::Instance');

  it('has no public address and nothing leads in', () => {
    expect(instance['NetworkInterfaces']).toMatchObject([{ AssociatePublicIpAddress: false }]);
    region.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: Match.stringLikeRegexp('nothing in'),
      SecurityGroupIngress: [],
    });
    for (const type of [
      'AWS::EC2::InternetGateway',
      'AWS::EC2::NatGateway',
      'AWS::EC2::EIP',
      'AWS::EC2::Route',
    ]) {
      region.resourceCountIs(type, 0);
    }
    expect(instance).not.toHaveProperty('KeyName');
    expect(instance).not.toHaveProperty('UserData');
  });

  it('demands IMDSv2 within one hop', () => {
    expect(instance['MetadataOptions']).toEqual({
      HttpEndpoint: 'enabled',
      HttpTokens: 'required',
      HttpPutResponseHopLimit: 1,
      InstanceMetadataTags: 'disabled',
    });
  });

  it('carries the tags of its selector', () => {
    const [gateway] = aCatalog().gateways;
    const wanted = Object.entries(gateway?.selector ?? {}).map(([Key, Value]) => ({ Key, Value }));
    expect(instance['Tags']).toEqual(expect.arrayContaining(wanted));
  });

  it('reaches what the catalogue names and Systems Manager, and nothing else', () => {
    const groups = region.findResources('AWS::EC2::SecurityGroup', {
      Properties: { GroupDescription: Match.stringLikeRegexp('Sallyport gateway') },
    });
    const [group] = Object.values(groups).map((one) => one['Properties'] as Record<string, unknown>);
    expect(group?.['SecurityGroupEgress']).toEqual([
      expect.objectContaining({ CidrIp: '10.0.0.0/16', FromPort: 443, ToPort: 443 }),
      expect.objectContaining({ CidrIp: '10.0.0.0/16', FromPort: 5432, ToPort: 5432 }),
      expect.objectContaining({ CidrIp: '10.0.2.60/32', FromPort: 8080, ToPort: 8080 }),
      expect.objectContaining({ CidrIp: '10.0.0.0/16', IpProtocol: 'tcp', FromPort: 1, ToPort: 65_535 }),
      expect.objectContaining({ CidrIp: '10.0.0.0/16', IpProtocol: 'udp', FromPort: 1, ToPort: 65_535 }),
      expect.objectContaining({ CidrIp: '10.0.0.0/16', IpProtocol: 'icmp', FromPort: 8, ToPort: -1 }),
    ]);
  });

  it('may speak for the SSM Agent and read no parameter', () => {
    const role = propertiesOf(region, 'AWS::IAM::Role');
    const [policy] = role['Policies'] as { PolicyDocument: { Statement: { Action: string[] }[] } }[];
    const actions = policy?.PolicyDocument.Statement.flatMap(({ Action }) => Action) ?? [];
    expect(actions).toContain('ssmmessages:OpenDataChannel');
    expect(actions.filter((action) => /Parameter|SendCommand|\*/.test(action))).toEqual([]);
    expect(role).not.toHaveProperty('ManagedPolicyArns');
  });

  it('keeps its disk encrypted', () => {
    expect(instance['BlockDeviceMappings']).toMatchObject([{ Ebs: { Encrypted: true } }]);
  });
});

describe('the network', () => {
  it('offers the Systems Manager endpoints inside a VPC without a way out', () => {
    const services = Object.values(region.findResources('AWS::EC2::VPCEndpoint')).map(
      (one) => (one['Properties'] as { ServiceName: string }).ServiceName,
    );
    expect(services.sort()).toEqual([
      'com.amazonaws.eu-west-1.ec2messages',
      'com.amazonaws.eu-west-1.ssm',
      'com.amazonaws.eu-west-1.ssmmessages',
    ]);
    region.hasResourceProperties('AWS::EC2::Subnet', { MapPublicIpOnLaunch: false });
  });

  it('is an existing subnet when one is named', () => {
    const named = templatesOf({
      subnetId: 'subnet-0123456789abcdef0',
      vpcId: 'vpc-0123456789abcdef0',
    }).region;
    named.resourceCountIs('AWS::EC2::VPC', 0);
    named.hasResourceProperties('AWS::EC2::Instance', {
      NetworkInterfaces: [Match.objectLike({ SubnetId: 'subnet-0123456789abcdef0' })],
    });
    expect(() => settingsOf((key) => ({ subnetId: 'subnet-0123456789abcdef0' })[key])).toThrow(/go together/);
  });
});
