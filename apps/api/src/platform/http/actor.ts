import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

export const roles = ['engineer', 'approver', 'admin', 'auditor'] as const;
export type Role = (typeof roles)[number];

/** What a personal access token may be used for; a browser's sign-in may everything its person may. */
export const scopes = ['read', 'request', 'review', 'connect', 'admin', 'audit'] as const;
export type Scope = (typeof scopes)[number];

/** Who speaks, and by what they proved it. */
export interface Actor {
  /** `prs_` and a ULID. */
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly roles: readonly Role[];
  readonly groups: readonly string[];
  readonly signedInBy: 'cookie' | 'token';
  /** The sign-in or access token behind this request; the id of its row, never the secret. */
  readonly credentialId: string;
  /** Null for a cookie: all of them. */
  readonly scopes: readonly Scope[] | null;
}

/** A request after the access guard has looked at it. */
export interface RequestWithActor {
  actor?: Actor;
}

/** The actor of a request to a route that declares `@Access`; the guard has seen to it that there is one. */
export const CurrentActor = createParamDecorator((_: unknown, context: ExecutionContext): Actor => {
  const { actor } = context.switchToHttp().getRequest<RequestWithActor>();
  if (!actor) throw new Error('CurrentActor on a public route');
  return actor;
});
