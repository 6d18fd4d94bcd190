import { Flags } from '@oclif/core';

/** What both audit commands filter by. */
export const auditFilterFlags = {
  person: Flags.string({ description: 'who did it or whom it concerns', helpValue: 'EMAIL' }),
  resource: Flags.string({ description: 'which resource', helpValue: 'NAME' }),
  type: Flags.string({ description: 'which type, such as grant.revoked', helpValue: 'TYPE' }),
  grant: Flags.string({ description: 'which grant', helpValue: 'ID' }),
  request: Flags.string({ description: 'which request', helpValue: 'ID' }),
  from: Flags.string({ description: 'not before: ISO 8601, or how long ago (24h, 30d)', helpValue: 'TIME' }),
  to: Flags.string({ description: 'before: ISO 8601, or how long ago', helpValue: 'TIME' }),
};
