import { Global, Inject, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { CONFIGURATION, type Configuration } from '../../configuration.ts';
import { EFFECTS } from '../../effects.module.ts';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { Authenticator } from '../../platform/http/authenticator.ts';
import { AccessTokensController } from './access-tokens.controller.ts';
import { AccessTokens } from './access-tokens.handler.ts';
import { PrismaAccessTokenStore } from './access-tokens.prisma-store.ts';
import { AccountsFile } from './accounts-file.ts';
import { PrismaAuthenticator } from './authenticator.prisma-store.ts';
import { CheckPassword } from './check-password.ts';
import { EndedCredentials } from '../../platform/http/ended-credentials.ts';
import { IdentityController } from './identity.controller.ts';
import { MeCountsQuery } from './me-counts.query.ts';
import { ReadMe } from './me.ts';
import { PrismaPeopleStore } from './people.prisma-store.ts';
import { PrismaSignInAttemptStore } from './sign-in-attempts.prisma-store.ts';
import { SignIn } from './sign-in.handler.ts';
import { SignOut } from './sign-out.handler.ts';
import { PrismaSignInStore } from './sign-ins.prisma-store.ts';

/** Makes the accounts of the settings' file exist before anybody can ask. */
@Injectable()
class AccountsAtStart implements OnModuleInit {
  readonly #file: AccountsFile;
  readonly #configuration: Configuration;
  constructor(@Inject(AccountsFile) file: AccountsFile, @Inject(CONFIGURATION) configuration: Configuration) {
    this.#file = file;
    this.#configuration = configuration;
  }
  async onModuleInit(): Promise<void> {
    const { accountsFile, aws } = this.#configuration;
    if (aws === 'live') await this.#file.demandNone();
    if (accountsFile !== undefined) await this.#file.apply(accountsFile);
  }
}

const stores = [
  PrismaPeopleStore,
  PrismaSignInStore,
  PrismaAccessTokenStore,
  PrismaSignInAttemptStore,
  MeCountsQuery,
];

@Global()
@Module({
  controllers: [IdentityController, AccessTokensController],
  providers: [
    ...stores.map((store) => ({
      provide: store,
      useFactory: (client: PrismaClient) => new store(client),
      inject: [PrismaClient],
    })),
    EndedCredentials,
    {
      provide: Authenticator,
      useFactory: (signIns: PrismaSignInStore, tokens: PrismaAccessTokenStore, { clock }: Effects) =>
        new PrismaAuthenticator(signIns, tokens, clock),
      inject: [PrismaSignInStore, PrismaAccessTokenStore, EFFECTS],
    },
    {
      provide: ReadMe,
      useFactory: (counts: MeCountsQuery, { clock }: Effects) => new ReadMe(counts, clock),
      inject: [MeCountsQuery, EFFECTS],
    },
    handler(CheckPassword, PrismaPeopleStore, PrismaSignInAttemptStore),
    handler(SignIn, CheckPassword, PrismaSignInStore, PrismaAccessTokenStore),
    handler(SignOut, PrismaSignInStore, PrismaAccessTokenStore, EndedCredentials),
    handler(AccessTokens, PrismaAccessTokenStore, EndedCredentials),
    handler(AccountsFile, PrismaPeopleStore, PrismaAccessTokenStore),
    AccountsAtStart,
  ],
  exports: [Authenticator, EndedCredentials],
})
export class IdentityModule {}

type Class = new (...args: never[]) => unknown;

/** A handler takes its stores, then the unit of work and the effects. */
function handler(type: Class, ...stores: Class[]) {
  return {
    provide: type,
    useFactory: (...args: never[]) => new type(...args),
    inject: [...stores, UnitOfWork, EFFECTS],
  };
}
