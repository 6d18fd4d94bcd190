import type { Catalog } from '@sallyport/catalog';
import type { Effects } from '@sallyport/effects';
import { z } from 'zod';
import type { PrincipalName } from '../client-settings.ts';
import { AwsGatewayInventory } from '../inventory/aws-gateway-inventory.ts';
import {
  bucketForm,
  bucketSearchForm,
  deployedDocumentForm,
  documentSearchForm,
  gatewayInstanceForm,
  gatewaySearchForm,
  logGroupForm,
  logGroupSearchForm,
} from '../inventory/gateway-inventory.ts';
import { issuedLeaseForm, leaseOrderForm } from '../issuer/lease-issuer.ts';
import { StsLeaseIssuer } from '../issuer/sts-lease-issuer.ts';
import {
  deniedForm,
  denyForm,
  sessionEndForm,
  sessionSearchForm,
  ssmSessionForm,
} from '../revoker/session-revoker.ts';
import { SsmSessionRevoker } from '../revoker/ssm-session-revoker.ts';
import { hostAnswerForm, hostOrderForm } from '../provisioner/host-provisioner.ts';
import { SsmHostProvisioner } from '../provisioner/ssm-host-provisioner.ts';
import { Spokes } from '../spokes.ts';

/** What a principal's process can be asked, with the forms of question and answer: both sides check both. */
export const operationForms = {
  issuer: { issue: { input: leaseOrderForm, output: issuedLeaseForm } },
  revoker: {
    list: { input: sessionSearchForm, output: z.array(ssmSessionForm) },
    terminate: { input: sessionEndForm, output: z.null() },
    deny: { input: denyForm, output: deniedForm },
  },
  inventory: {
    find: { input: gatewaySearchForm, output: z.array(gatewayInstanceForm) },
    readDocument: { input: documentSearchForm, output: deployedDocumentForm },
    readLogGroup: { input: logGroupSearchForm, output: logGroupForm },
    readBucket: { input: bucketSearchForm, output: bucketForm },
  },
  provisioner: { run: { input: hostOrderForm, output: hostAnswerForm } },
} as const;

/** One operation: unchecked question in, answer out; throws Problems. */
export type Operation = (input: unknown) => Promise<unknown>;

/** The operations of one principal and of no other, so that a process holds nothing it does not need. */
export function operationsOf(
  principal: PrincipalName,
  catalog: Catalog,
  effects: Effects,
): Readonly<Record<string, Operation>> {
  const spokes = new Spokes(catalog);
  switch (principal) {
    case 'issuer': {
      const issuer = new StsLeaseIssuer(spokes, effects);
      return { issue: (input) => issuer.issue(leaseOrderForm.parse(input)) };
    }
    case 'revoker': {
      const revoker = new SsmSessionRevoker(spokes, effects);
      return {
        list: (input) => revoker.list(sessionSearchForm.parse(input)),
        deny: (input) => revoker.deny(denyForm.parse(input)),
        terminate: (input) => revoker.terminate(sessionEndForm.parse(input)).then(() => null),
      };
    }
    case 'provisioner': {
      const provisioner = new SsmHostProvisioner(spokes, effects);
      return { run: (input) => provisioner.run(hostOrderForm.parse(input)) };
    }
    case 'inventory': {
      const inventory = new AwsGatewayInventory(spokes, effects);
      return {
        find: (input) => inventory.find(gatewaySearchForm.parse(input)),
        readDocument: (input) => inventory.readDocument(documentSearchForm.parse(input)),
        readLogGroup: (input) => inventory.readLogGroup(logGroupSearchForm.parse(input)),
        readBucket: (input) => inventory.readBucket(bucketSearchForm.parse(input)),
      };
    }
  }
}
