import { Inject, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { CONFIGURATION, type Configuration } from '../../configuration.ts';
import { EFFECTS } from '../../effects.module.ts';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { DueWork } from '../jobs/due-work.ts';
import { Retention } from './retention.prisma-store.ts';

@Injectable()
class RetentionWork implements OnModuleInit {
  readonly #register: () => void;
  constructor(@Inject(DueWork) dueWork: DueWork, @Inject(Retention) retention: Retention) {
    this.#register = () => dueWork.register(retention.job());
  }
  onModuleInit(): void {
    this.#register();
  }
}

@Module({
  providers: [
    {
      provide: Retention,
      useFactory: (client: PrismaClient, effects: Effects, { keepFlowsDays }: Configuration) =>
        new Retention(client, effects, keepFlowsDays),
      inject: [PrismaClient, EFFECTS, CONFIGURATION],
    },
    RetentionWork,
  ],
})
export class RetentionModule {}
