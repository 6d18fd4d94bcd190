import { Global, Module, type DynamicModule } from '@nestjs/common';
import { LoggerModule } from 'nestjs-pino';
import type { Logger } from 'pino';
import { httpLogging } from './logger.ts';
import { Metrics } from './metrics.ts';
import { Readiness } from './readiness.ts';
import { TelemetryController } from './telemetry.controller.ts';

/** Logs, figures and health. */
@Global()
@Module({})
export class TelemetryModule {
  static of(logger: Logger): DynamicModule {
    return {
      module: TelemetryModule,
      imports: [LoggerModule.forRoot(httpLogging(logger))],
      controllers: [TelemetryController],
      providers: [Metrics, Readiness],
      exports: [Metrics, Readiness],
    };
  }
}
