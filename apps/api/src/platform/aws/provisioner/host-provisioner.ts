import { osUsersPatterns } from '@sallyport/catalog';
import { z } from 'zod';

export const hostOrderForm = z.strictObject({
  accountId: z.string(),
  region: z.string(),
  instanceId: z.string().regex(/^(?:i-[0-9a-f]{8,17}|mi-[0-9a-f]{17})$/),
  action: z.enum(['facts', 'apply']),
  /** SHA-256 of the facts that the steps rest on; empty for facts. */
  expect: z.string().regex(new RegExp(osUsersPatterns.expect)),
  /** Typed steps, separated by spaces. */
  steps: z.string().regex(new RegExp(osUsersPatterns.steps)),
});
/** What a host is asked: the parameters of the one document, in its patterns. */
export type HostOrder = z.infer<typeof hostOrderForm>;

export const hostAnswerForm = z.strictObject({
  /** Exit status of the script. */
  code: z.int(),
  output: z.string(),
});
/** What the script printed and how it ended; its errors stay with AWS. */
export type HostAnswer = z.infer<typeof hostAnswerForm>;

/** Looks at and changes the accounts of hosts: what the provisioning principal can do. */
export abstract class HostProvisioner {
  /** Refuses with AWS_* codes and OS_USERS_HOST_UNREADY. An order that was lost may have been carried out. */
  abstract run(order: HostOrder): Promise<HostAnswer>;
}
