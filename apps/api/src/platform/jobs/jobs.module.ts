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
import { UnitOfWork } from '../database/unit-of-work.ts';
import { DueWork } from './due-work.ts';

/** Starts when every slice has registered its jobs, and stops before connections close. */
@Injectable()
class DueWorkRunner implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #dueWork: DueWork;
  constructor(@Inject(DueWork) dueWork: DueWork) {
    this.#dueWork = dueWork;
  }
  async onApplicationBootstrap(): Promise<void> {
    await this.#dueWork.start();
  }
  async beforeApplicationShutdown(): Promise<void> {
    await this.#dueWork.stop();
  }
}

@Global()
@Module({
  providers: [
    {
      provide: DueWork,
      useFactory: (effects: Effects, unitOfWork: UnitOfWork) => new DueWork(effects, unitOfWork),
      inject: [EFFECTS, UnitOfWork],
    },
    DueWorkRunner,
  ],
  exports: [DueWork],
})
export class JobsModule {}
