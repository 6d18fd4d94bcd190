import { readFile } from 'node:fs/promises';
import { Controller, Get, Header, Inject } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiOkResponse, ApiOperation, ApiSchema, ApiTags } from '@nestjs/swagger';
import { Public } from '../http/access.decorator.ts';
import { ListOf, OneOf } from '../http/schema.ts';
import { Metrics } from './metrics.ts';
import { Readiness } from './readiness.ts';

@ApiSchema({ name: 'Health' })
export class HealthDto {
  @OneOf(['live', 'ready']) state!: 'live' | 'ready';
  @ListOf(String) checked!: string[];
}

/** The committed contract: three folders above this file in `src` and in `dist` alike. */
const contract = new URL('../../../openapi.json', import.meta.url);

@ApiTags('telemetry')
@Controller()
export class TelemetryController {
  readonly #readiness: Readiness;
  readonly #metrics: Metrics;

  constructor(@Inject(Readiness) readiness: Readiness, @Inject(Metrics) metrics: Metrics) {
    this.#readiness = readiness;
    this.#metrics = metrics;
  }

  @Get('health/live')
  @Public()
  @ApiOperation({ operationId: 'readLiveness', summary: 'The process runs' })
  @ApiOkResponse({ type: HealthDto })
  live(): HealthDto {
    return { state: 'live', checked: [] };
  }

  @Get('health/ready')
  @Public()
  @ApiOperation({ operationId: 'readReadiness', summary: 'The process can serve' })
  @ApiOkResponse({ type: HealthDto })
  async ready(): Promise<HealthDto> {
    return { state: 'ready', checked: await this.#readiness.demand() };
  }

  @Get('metrics')
  @Public()
  @ApiExcludeEndpoint()
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  metrics(): Promise<string> {
    return this.#metrics.registry.metrics();
  }

  @Get('openapi.json')
  @Public()
  @ApiExcludeEndpoint()
  @Header('Content-Type', 'application/json; charset=utf-8')
  openApi(): Promise<string> {
    return readFile(contract, 'utf8');
  }
}
