import { writeWorld, type WrittenWorld } from '../../apps/sandbox/test/world/written-world.ts';
import { iamAdministrator } from './denied-action.ts';

/** The host that people sign in to. */
export const webHost = 'i-0a1b2c3d4e5f60718';
/** A machine outside EC2. */
export const node = 'mi-0a1b2c3d4e5f60718';
const tags = { 'jit-managed': 'true', 'jit-team': 'rack', ServerType: 'bastion', AccessGranted: 'true' };
const place = { account: 'workloads', region: 'eu-west-1' };
const rack = {
  ...{ name: 'rack-1', kind: 'ssh', title: 'A machine in a rack', description: 'For tests.' },
  ...{ environment: 'staging', team: 'rack', gateway: 'rack', user: 'ops', connectable: true },
  recording: { recorded: false, statement: 'The amount of traffic is recorded.' },
};

const shell = {
  ...{ kind: 'shell', title: 'A shell', description: 'For tests.', environment: 'staging', team: 'web' },
  ...{ gateway: 'web-1', commands: 'any', logs: 'none', connectable: true },
  recording: { recorded: false, statement: 'Nothing that is shown is recorded.' },
};
/** The bastion of the newcomer's world. */
const bastion = 'i-0b5c1d2e3f4a50617';

/**
 * The newcomer's world with an SSH host outside EC2, where the sandbox runs an sshd; with a shell that is encrypted, one whose account `web-1` does not have, a
 * bastion where somebody removed ssm-user, and an administrator of IAM. The folder is the caller's to remove.
 */
export function hybridWorld(): WrittenWorld {
  return writeWorld({
    base: 'usual',
    resources: [
      rack,
      { ...shell, name: 'sealed-shell', runAs: 'web-ops', encryption: 'required' },
      { ...shell, name: 'ghost-shell', runAs: 'ghost', encryption: 'none' },
    ],
    principals: [iamAdministrator],
    instanceChanges: { [bastion]: { 'ssm-user': false } },
    gateways: [{ name: 'rack', nodes: 'hybrid', ...place, selector: tags }],
    instances: [
      {
        ...{ id: node, ...place, zone: 'eu-west-1a', name: 'rack-1', address: '10.0.9.1', online: true },
        ...{ users: ['ops'], sshd: true, tags: { ...tags, Name: 'rack-1' } },
      },
    ],
  });
}
