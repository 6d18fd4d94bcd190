import { applyDecorators, SetMetadata } from '@nestjs/common';
import { ApiBearerAuth, ApiCookieAuth, ApiExtension } from '@nestjs/swagger';
import type { Role, Scope } from './actor.ts';

/** Who may call a route. Any one of `scopes` suffices for a token; any one of `roles`, when given, for the person. */
export interface AccessRule {
  readonly scopes: readonly Scope[];
  readonly roles?: readonly [Role, ...Role[]];
}

export const accessKey = 'sallyport:access';

/** Declares who may call a route. A route without this or {@link Public} keeps the API from starting. */
export const Access = (rule: AccessRule): MethodDecorator =>
  applyDecorators(
    SetMetadata(accessKey, rule),
    ApiBearerAuth('token'),
    ApiCookieAuth('cookie'),
    ApiExtension('x-access', { scopes: [...rule.scopes], ...(rule.roles ? { roles: [...rule.roles] } : {}) }),
  );

/** Declares that anybody may call a route, signed in or not. */
export const Public = (): MethodDecorator =>
  applyDecorators(SetMetadata(accessKey, 'public'), ApiExtension('x-access', 'public'));
