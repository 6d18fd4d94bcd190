import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Problem } from '@sallyport/problems';
import type { Request } from 'express';
import { CONFIGURATION, type Configuration } from '../../configuration.ts';
import { accessKey, type AccessRule } from './access.decorator.ts';
import type { Actor, RequestWithActor } from './actor.ts';
import { Authenticator, bearerOf, cookieOf, signInCookie } from './authenticator.ts';
import { demandOwnOrigin } from './same-origin.ts';

const readMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Decides for every request who speaks and whether they may; a route that declares nothing is closed. */
@Injectable()
export class AccessGuard implements CanActivate {
  readonly #reflector: Reflector;
  readonly #authenticator: Authenticator;
  readonly #configuration: Configuration;

  constructor(
    @Inject(Reflector) reflector: Reflector,
    @Inject(Authenticator) authenticator: Authenticator,
    @Inject(CONFIGURATION) configuration: Configuration,
  ) {
    this.#reflector = reflector;
    this.#authenticator = authenticator;
    this.#configuration = configuration;
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    // The live gateway authenticates its own upgrades.
    if (context.getType() !== 'http') return true;
    const rule = this.#reflector.get<AccessRule | 'public' | undefined>(accessKey, context.getHandler());
    const request = context.switchToHttp().getRequest<Request & RequestWithActor>();
    if (rule === undefined) throw new Problem('ROUTE_UNKNOWN');
    if (rule === 'public') {
      if (request.headers.origin !== undefined && !readMethods.has(request.method))
        this.#demandOwnPage(request);
      return true;
    }
    const actor = await this.#actorOf(request);
    demandAccess(actor, rule);
    request.actor = actor;
    return true;
  }

  async #actorOf(request: Request): Promise<Actor> {
    const { authorization, cookie } = request.headers;
    // A request that brings a token is judged by the token alone, so a cookie can never widen it.
    if (authorization !== undefined) {
      const token = bearerOf(authorization);
      const actor = token === undefined ? undefined : await this.#authenticator.byToken(token);
      if (!actor) throw new Problem('TOKEN_INVALID');
      return actor;
    }
    const value = cookieOf(cookie, signInCookie);
    const actor = value === undefined ? undefined : await this.#authenticator.byCookie(value);
    if (!actor) throw new Problem('SIGN_IN_REQUIRED');
    if (!readMethods.has(request.method)) this.#demandOwnPage(request);
    return actor;
  }

  #demandOwnPage(request: Request): void {
    demandOwnOrigin(request.headers, this.#configuration.publicUrl);
    const hasBody =
      request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0;
    if (hasBody && !request.is('application/json')) throw new Problem('CONTENT_TYPE_UNSUPPORTED');
  }
}

/** Refuses with TOKEN_SCOPE_MISSING or ROLE_MISSING; the scope first, since the token is the narrower. */
export function demandAccess(actor: Actor, rule: AccessRule): void {
  if (actor.scopes !== null && !rule.scopes.some((scope) => actor.scopes?.includes(scope)))
    throw new Problem('TOKEN_SCOPE_MISSING', { detail: `This takes the scope ${rule.scopes.join(' or ')}.` });
  if (rule.roles && !rule.roles.some((role) => actor.roles.includes(role)))
    throw new Problem('ROLE_MISSING', { detail: `This takes the role ${rule.roles.join(' or ')}.` });
}
