import { z } from 'zod';
import { isPrivilegedGroup } from './account-name.ts';
import type { GatewayAccounts } from './plan-accounts.ts';

const hostGroup = z
  .string()
  .regex(/^[a-z_][a-z0-9_-]{0,30}$/, 'is not a group of a host like web')
  .refine((group) => !isPrivilegedGroup(group), 'is as good as root, or marks accounts of Sallyport');
/** Below are accounts of systems, above those that Debian and systemd hand out. */
const uid = z.int().min(1_000).max(59_999);

/** Accounts of people on the hosts of a gateway, in the written catalogue. */
export const accountsForm = z.strictObject({
  group: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'is not a group of people like engineers'),
  naming: z.literal('email-local-part').default('email-local-part'),
  shell: z
    .enum(['/bin/sh', '/bin/bash', '/usr/bin/bash', '/bin/zsh', '/usr/bin/zsh', '/usr/bin/fish'])
    .default('/bin/bash'),
  groups: z
    .array(hostGroup)
    .max(8)
    .refine((list) => new Set(list).size === list.length, 'names a group twice')
    .default([]),
  uids: z
    .strictObject({ from: uid, to: uid })
    .refine(({ from, to }) => from <= to, 'ends before it begins')
    .default({ from: 20_000, to: 29_999 }),
  sync: z.boolean().default(false),
});

export function accountsOf(written: z.output<typeof accountsForm> | undefined): GatewayAccounts | null {
  if (written === undefined) return null;
  const { group, shell, groups, uids, sync } = written;
  return { group, shell, groups, uids, sync };
}
