import type { Role } from '../platform/http/actor.ts';

export const accountNames = ['engineer', 'approver', 'admin', 'auditor', 'outsider'] as const;
export type AccountName = (typeof accountNames)[number];

export interface TestAccount {
  readonly name: AccountName;
  readonly email: string;
  readonly password: string;
  readonly token: string;
  readonly roles: readonly Role[];
  readonly groups: readonly string[];
}

const standing: Record<AccountName, { roles: readonly Role[]; groups: readonly string[] }> = {
  engineer: { roles: ['engineer'], groups: ['engineers'] },
  approver: { roles: ['engineer', 'approver'], groups: ['engineers', 'db-owners', 'production-owners'] },
  admin: { roles: ['engineer', 'admin'], groups: ['engineers', 'admins'] },
  auditor: { roles: ['auditor'], groups: ['auditors'] },
  outsider: { roles: ['engineer'], groups: ['contractors'] },
};

/** The five people of the sandbox, with passwords and tokens that only tests know. */
export const testAccounts: readonly TestAccount[] = accountNames.map((name, at) => ({
  name,
  email: `${name}@example.com`,
  password: `password of ${name}`,
  token: `slp_${String(at).repeat(43)}`,
  ...standing[name],
}));

export function testAccount(name: AccountName): TestAccount {
  const account = testAccounts.find((candidate) => candidate.name === name);
  if (!account) throw new Error(`no account ${name}`);
  return account;
}
