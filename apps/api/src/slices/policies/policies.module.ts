import { Module } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { CONFIGURATION, type Configuration } from '../../configuration.ts';
import { EFFECTS } from '../../effects.module.ts';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { Policies, readPoliciesFile } from './policies.ts';
import { KeptPolicies } from './policy-version.prisma-store.ts';
import { UsualWait } from './usual-wait.query.ts';

@Module({
  providers: [
    {
      provide: Policies,
      useFactory: (client: PrismaClient, { policiesFile }: Configuration, { clock }: Effects) =>
        KeptPolicies.keep(client, readPoliciesFile(policiesFile), clock.now()),
      inject: [PrismaClient, CONFIGURATION, EFFECTS],
    },
    UsualWait,
  ],
  exports: [Policies, UsualWait],
})
export class PoliciesModule {}
