import { Injectable } from '@nestjs/common';
import type { Actor } from '../../platform/http/actor.ts';
import { Authenticator } from '../../platform/http/authenticator.ts';

@Injectable()
export class PrismaAuthenticator extends Authenticator {
  byCookie(): Promise<Actor | undefined> {
    return Promise.resolve(undefined);
  }
  byToken(): Promise<Actor | undefined> {
    return Promise.resolve(undefined);
  }
}
