import { readFileSync } from 'node:fs';
import { Problem } from '@sallyport/problems';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { parseCatalog } from '../parse.ts';

const text = readFileSync(new URL('../../../../config/catalog.yaml', import.meta.url), 'utf8');

interface Form {
  hub: { roles: Record<string, unknown> };
  accounts: { roles: Record<string, unknown> }[];
  gateways: { accounts?: Record<string, unknown> }[];
}

/** The committed catalogue, with accounts on its second gateway, changed. */
function aForm(accounts: Record<string, unknown>, change: (form: Form) => void = () => undefined): unknown {
  const form = parse(text) as Form;
  form.gateways[1]!.accounts = { group: 'web', ...accounts };
  change(form);
  return form;
}

function refusalOf(form: unknown): Problem {
  try {
    parseCatalog(form);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('accounts of people on the hosts of a gateway', () => {
  it('are those of a group, with numbers of their own and nothing that is as good as root', () => {
    const { gateways, hub, accounts } = parseCatalog(aForm({}));
    expect(gateways[1]?.accounts).toEqual({
      ...{ group: 'web', shell: '/bin/bash', groups: [], sync: false },
      uids: { from: 20_000, to: 29_999 },
    });
    expect(hub.roles.provisioner?.name).toBe('JitHubProvision');
    expect(accounts[0]?.roles.provision?.name).toBe('JitProvision');
  });

  it.each<[string, Record<string, unknown>]>([
    ['a group that gives root', { groups: ['docker'] }],
    ['the group that marks accounts', { groups: ['sallyport'] }],
    ['a group of people with a space', { group: 'web; id' }],
    ['numbers of systems', { uids: { from: 1, to: 2000 } }],
    ['numbers that end before they begin', { uids: { from: 3000, to: 2000 } }],
    ['a shell of its own', { shell: '/tmp/sh' }],
    ['another naming', { naming: 'free' }],
  ])('refuse %s', (_, accounts) => {
    expect(refusalOf(aForm(accounts)).code).toBe('CATALOG_INVALID');
  });

  it('are refused where two gateways could have the same hosts', () => {
    const twin = (selector: Record<string, string>) =>
      aForm({}, ({ gateways }) => {
        const [, host] = gateways as { name?: string; selector?: object }[];
        gateways.push({ ...host, name: 'twin', selector: { ...host?.selector, ...selector } } as never);
      });
    expect(refusalOf(twin({})).occurrence.errors?.[0]?.message).toContain('hosts of web-1');
    expect(parseCatalog(twin({ 'jit-host': 'web-2' })).gateways).toHaveLength(3);
  });

  it('are refused without the roles that make them', () => {
    const problem = refusalOf(
      aForm({}, ({ hub, accounts }) => {
        delete hub.roles['provisioner'];
        delete accounts[0]?.roles['provision'];
      }),
    );
    expect(problem.code).toBe('CATALOG_REFERENCE_UNKNOWN');
    expect(problem.occurrence.errors).toHaveLength(2);
  });
});
