import { renderOrganisationGuard } from '@sallyport/iam-policy';
import { expect, it } from 'vitest';
import { settingsOf } from '../settings.ts';
import { propertiesOf, templatesOf } from './templates.ts';

it('hangs the rendered guard over the named targets, with every tag key of the selectors', () => {
  const { guard } = templatesOf({
    managementAccount: '123456789012',
    guardTargets: 'ou-abcd-11111111,111122223333',
    enrollerRoles: 'arn:aws:iam::*:role/platform/JitEnroll',
    exemptRoles: 'arn:aws:iam::*:role/platform/BreakGlass',
  });
  if (guard === undefined) throw new Error('there is no guard');
  expect(propertiesOf(guard, 'AWS::Organizations::Policy')).toMatchObject({
    Type: 'SERVICE_CONTROL_POLICY',
    TargetIds: ['ou-abcd-11111111', '111122223333'],
    Content: renderOrganisationGuard({
      tagKeys: ['AccessGranted', 'ServerType', 'jit-host', 'jit-host-key', 'jit-managed', 'jit-team'],
      enrollers: ['arn:aws:iam::*:role/platform/JitEnroll'],
      revokers: ['arn:aws:iam::*:role/jit/JitRevoke'],
      deployers: ['arn:aws:iam::*:role/cdk-*-cfn-exec-role-*'],
      exempt: ['arn:aws:iam::*:role/platform/BreakGlass'],
    }),
  });
});

it('is left out unless it is asked for, and never half', () => {
  expect(templatesOf().guard).toBeUndefined();
  expect(() => settingsOf((key) => ({ managementAccount: '123456789012' })[key])).toThrow(/go together/);
});
