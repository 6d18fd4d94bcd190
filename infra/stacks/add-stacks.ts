import { logBucketsOf, logsToCloudWatch, type Catalog, type Sha256Hex } from '@sallyport/catalog';
import type { App } from 'aws-cdk-lib';
import type { Settings } from '../settings.ts';
import { GuardStack } from './guard-stack.ts';
import { HubStack } from './hub-stack.ts';
import { RecordingsStack } from './recordings-stack.ts';
import { RegionStack } from './region-stack.ts';
import { SigningStack } from './signing-stack.ts';
import { SpokeStack } from './spoke-stack.ts';

export interface Deployment {
  readonly catalog: Catalog;
  readonly sha256: Sha256Hex;
  readonly settings: Settings;
}

/** All stacks of a catalogue. */
export function addStacks(app: App, deployment: Deployment): void {
  const { catalog, settings } = deployment;
  const home = catalog.accounts[0]?.regions[0];
  const hub = new HubStack(app, 'SallyportHub', {
    env: { account: catalog.hub.accountId, region: home },
    catalog,
    hubService: settings.hubService,
  });
  const { signing } = catalog.hub;
  if (signing !== null) {
    const keys = new SigningStack(app, 'SallyportSigning', {
      env: { account: catalog.hub.accountId, region: signing.region },
      hub: catalog.hub,
      signing,
    });
    keys.addStackDependency(hub, 'a key policy names a role that exists');
  }
  const { recordings } = catalog.hub;
  if (recordings !== null) {
    const kept = new RecordingsStack(app, 'SallyportRecordings', {
      env: { account: catalog.hub.accountId, region: recordings.region },
      recordings,
    });
    kept.addStackDependency(hub, 'a bucket policy names roles that exist');
  }
  if (settings.guard !== undefined) {
    new GuardStack(app, 'SallyportGuard', {
      env: { account: settings.guard.managementAccount, region: home },
      catalog,
      guard: settings.guard,
    });
  }
  for (const account of catalog.accounts) {
    // IAM is global: one stack per account, in its first region.
    const spoke = new SpokeStack(app, `SallyportSpoke-${account.name}`, {
      env: { account: account.id, region: account.regions[0] },
      hub: catalog.hub,
      account,
      shellLogGroups: logsToCloudWatch(catalog, account.id),
      shellLogBuckets: logBucketsOf(catalog, account),
    });
    for (const region of account.regions) {
      const stack = new RegionStack(app, `SallyportRegion-${account.name}-${region}`, {
        env: { account: account.id, region },
        account,
        region,
        ...deployment,
      });
      stack.addStackDependency(spoke, 'roles come before what they reach');
    }
  }
}
