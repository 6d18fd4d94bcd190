import { beforeEach, describe, expect, it } from 'vitest';
import { aResource, type ApiDouble } from '../../test/api-double.ts';
import { eachTestHas } from '../../test/desk.ts';
import type { Person } from '../../test/world-double.ts';

let api: ApiDouble;
let person: Person;
let signedIn: () => Promise<void>;
eachTestHas((desk) => ({ api, person, signedIn } = desk));

const forPort = { purpose: 'port', command: null, name: 'jit-fwd-0a1b2c3d', sha256: 'ab'.repeat(32) };
const forShell = { purpose: 'shell', command: null, name: 'jit-shell-0a1b2c3d', sha256: 'cd'.repeat(32) };
const named = {
  purpose: 'command',
  command: 'restart',
  name: 'jit-command-0a1b2c3d',
  sha256: 'ef'.repeat(32),
};
const statement = {
  Effect: 'Allow',
  Action: 'ssm:StartSession',
  Resource: ['arn:aws:ssm:eu-west-1:111122223333:document/jit-fwd-0a1b2c3d'],
};
const { id, name, kind, account, region, gateway } = aResource();
const shown = (documents: readonly object[]) => ({
  resource: { id, name, kind },
  ...{ account, region, instanceId: gateway.instanceId, document: documents[0], documents },
  sessionPolicy: { Version: '2012-10-17', Statement: [statement] },
});

beforeEach(async () => {
  await signedIn();
  api.on('GET /resources/prod-rds', { body: aResource({ documents: [forPort] }) });
  api.on('GET /resources/prod-rds/session-policy', { body: shown([forPort]) });
});

describe('tunnel show --policy', () => {
  it('tells the gateway, the document with its digest, and the policy as AWS is sent it', async () => {
    const { code, out } = await person.types('show', 'prod-rds', '--policy');
    expect(code).toBe(0);
    expect(out).toContain('i-0123456789abcdef0, spoke 111122223333, eu-west-1');
    expect(out).toContain(`jit-fwd-0a1b2c3d (port), sha256 ${'ab'.repeat(32)}`);
    const policy = out.slice(out.indexOf('{'), out.lastIndexOf('}') + 1);
    expect(JSON.parse(policy)).toEqual(shown([forPort]).sessionPolicy);
  });

  it('says which document the policy is for, where there are several', async () => {
    api.on('GET /resources/prod-rds/session-policy', { body: shown([forShell, named]) });
    const { out } = await person.types('show', 'prod-rds', '--policy');
    expect(out).toContain('jit-command-0a1b2c3d (command restart)');
    expect(out).toContain('The policy of a lease for jit-shell-0a1b2c3d; a lease for another document');
  });

  it('is one object for a program', async () => {
    const { out } = await person.types('show', 'prod-rds', '--policy', '--json');
    expect(JSON.parse(out)).toMatchObject({ id, state: 'none', ...shown([forPort]) });
  });

  it.each([
    ['RESOURCE_NOT_CONNECTABLE', 403, 'refused', 5],
    ['LEASE_OS_ACCOUNT_MISSING', 403, 'refused', 5],
    ['RESOURCE_UNKNOWN', 404, 'missing', 6],
  ] as const)('passes on %s', async (problem, status, of, exit) => {
    api.refuse('GET /resources/prod-rds/session-policy', status, problem, of, 'It is so');
    const { code, err } = await person.types('show', 'prod-rds', '--policy');
    expect(code).toBe(exit);
    expect(err).toContain(`(${problem})`);
  });
});

describe('tunnel show', () => {
  it('tells users of the AWS CLI what to say beside the credentials of tunnel creds', async () => {
    const { out } = await person.types('show', 'prod-rds');
    expect(out).toContain('--target i-0123456789abcdef0 --document-name jit-fwd-0a1b2c3d\n');
  });

  it('tells one line for each purpose, and none of what is recorded by our own shell', async () => {
    const shell = {
      runAs: 'ops',
      login: true,
      commands: { which: 'any', listed: [] },
      clientRecording: false,
    };
    api.on('GET /resources/prod-rds', { body: aResource({ documents: [forShell, named], shell }) });
    const { out } = await person.types('show', 'prod-rds');
    expect(out).toContain('--document-name jit-shell-0a1b2c3d (shell)\n');
    expect(out).toContain('--document-name jit-command-0a1b2c3d (command restart)\n');
    const recorded = { ...shell, clientRecording: true };
    api.on('GET /resources/prod-rds', { body: aResource({ documents: [forShell], shell: recorded }) });
    expect((await person.types('show', 'prod-rds')).out).not.toContain('--document-name');
  });
});
