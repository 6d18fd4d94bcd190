import {
  Global,
  Inject,
  Injectable,
  Module,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { EFFECTS } from '../../effects.module.ts';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { UnitOfWork } from '../database/unit-of-work.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { GivenUpController } from './given-up.controller.ts';
import { Outbox } from './outbox.ts';

/** Starts when every slice has registered its handlers, and stops before connections close. */
@Injectable()
class OutboxRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #outbox: Outbox;
  constructor(@Inject(Outbox) outbox: Outbox, @Inject(Metrics) metrics: Metrics) {
    this.#outbox = outbox;
    metrics.countGivenUp(() => outbox.givenUp());
  }
  onApplicationBootstrap(): void {
    this.#outbox.start();
  }
  async beforeApplicationShutdown(): Promise<void> {
    await this.#outbox.stop();
  }
}

@Global()
@Module({
  controllers: [GivenUpController],
  providers: [
    {
      provide: Outbox,
      useFactory: (client: PrismaClient, effects: Effects, unitOfWork: UnitOfWork) =>
        new Outbox(client, effects, unitOfWork),
      inject: [PrismaClient, EFFECTS, UnitOfWork],
    },
    OutboxRunner,
  ],
  exports: [Outbox],
})
export class OutboxModule {}
