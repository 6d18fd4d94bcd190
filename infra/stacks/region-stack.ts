import { documentsOf, renderOsUsersDocument, type Account } from '@sallyport/catalog';
import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { addAgentDocument } from '../parts/agent-document.ts';
import { addGatewayInstance } from '../parts/gateway-instance.ts';
import { addPrivateNetwork } from '../parts/network.ts';
import { addCommandDocument, addSessionDocument } from '../parts/session-document.ts';
import type { Deployment } from './add-stacks.ts';

export interface RegionStackProps extends StackProps, Deployment {
  readonly account: Account;
  readonly region: string;
}

/** What is regional in a spoke: the Session documents of its resources and the gateways that reach them. */
export class RegionStack extends Stack {
  constructor(scope: Construct, id: string, props: RegionStackProps) {
    super(scope, id, {
      env: props.env,
      description: 'Sallyport: session documents and gateways of one region',
    });
    const { catalog, sha256, settings, account, region } = props;
    for (const document of documentsOf(catalog, sha256)) {
      if (document.accountId === account.id && document.region === region) addSessionDocument(this, document);
    }
    const inRegion = catalog.gateways.filter(
      (gateway) => gateway.account.id === account.id && gateway.region === region,
    );
    if (inRegion.some(({ accounts }) => accounts)) addCommandDocument(this, renderOsUsersDocument(sha256));
    const gateways = inRegion.filter(({ deployed }) => deployed);
    if (gateways.length === 0) return;
    const here = catalog.resources.filter((resource) => gateways.includes(resource.gateway));
    if (here.some(({ network }) => network?.way === 'agent')) addAgentDocument(this);
    const network =
      settings.subnet === undefined
        ? addPrivateNetwork(this, region, settings.vpcCidr)
        : { ...settings.subnet, endpointCidr: '0.0.0.0/0' };
    for (const gateway of gateways) {
      addGatewayInstance(this, {
        gateway,
        resources: catalog.resources.filter((resource) => resource.gateway.name === gateway.name),
        network,
        vpcCidr: settings.vpcCidr,
        controlPlaneCidr: settings.controlPlaneCidr,
        instanceType: settings.instanceType,
        agent: settings.agent,
      });
    }
  }
}
