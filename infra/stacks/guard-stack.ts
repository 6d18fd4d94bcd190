import { hostKeyTag, teamTag, type Catalog } from '@sallyport/catalog';
import { renderOrganisationGuard } from '@sallyport/iam-policy';
import { aws_organizations as organizations, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { GuardSettings } from '../settings.ts';

export interface GuardStackProps extends StackProps {
  readonly catalog: Catalog;
  readonly guard: GuardSettings;
}

/** The service control policy around the accounts that hold resources; made in the management account. */
export class GuardStack extends Stack {
  constructor(scope: Construct, id: string, props: GuardStackProps) {
    super(scope, id, { ...props, description: 'Sallyport: guard of tags, documents and roles' });
    const { catalog, guard } = props;
    const selectors = catalog.gateways.flatMap(({ selector }) => Object.keys(selector));
    const enrolment = catalog.accounts.flatMap(({ enrolmentTags }) => Object.keys(enrolmentTags));
    const tagKeys = [...new Set([teamTag, hostKeyTag, ...enrolment, ...selectors])].sort();
    const { partition } = catalog.hub;
    // In every account: their ARNs one by one would not fit.
    const revokers = [
      ...new Set(catalog.accounts.map(({ roles }) => roles.revoke.arn.replace(/::\d{12}:/, '::*:'))),
    ];
    // The roles that `cdk bootstrap` makes for CloudFormation.
    const cdkDeployers = [`arn:${partition}:iam::*:role/cdk-*-cfn-exec-role-*`];
    new organizations.CfnPolicy(this, 'Guard', {
      name: 'sallyport-guard',
      type: 'SERVICE_CONTROL_POLICY',
      description: 'Only named roles write the tags, documents and roles of Sallyport',
      content: renderOrganisationGuard({
        ...guard,
        tagKeys,
        partition,
        revokers,
        enrollers: guard.enrollers.length === 0 ? cdkDeployers : guard.enrollers,
        deployers: guard.deployers.length === 0 ? cdkDeployers : guard.deployers,
      }),
      targetIds: [...guard.targets],
    });
  }
}
