import { Global, Module, type DynamicModule } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { CONFIGURATION, type Configuration } from './configuration.ts';

/** The injection token of {@link Effects}. */
export const EFFECTS = Symbol('Effects');

/** The one place where the world enters: clock, chance, timers, ids, log, and the settings of this process. */
@Global()
@Module({})
export class EffectsModule {
  static of(configuration: Configuration, effects: Effects): DynamicModule {
    return {
      module: EffectsModule,
      providers: [
        { provide: CONFIGURATION, useValue: configuration },
        { provide: EFFECTS, useValue: effects },
      ],
      exports: [CONFIGURATION, EFFECTS],
    };
  }
}
