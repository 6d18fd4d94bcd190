import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiSchema, ApiTags } from '@nestjs/swagger';
import { Access } from '../http/access.decorator.ts';
import { ListOf, Whole } from '../http/schema.ts';
import { Outbox } from './outbox.ts';

/** Work that was tried as often as it may be, and is done by nobody. */
@ApiSchema({ name: 'GivenUpWork' })
export class GivenUpWorkDto {
  /** What kind of work: `os-users.sync`, `grant.sweep`. */
  @ApiProperty() topic!: string;
  @Whole() entries!: number;
  /** The last of them, and by what it failed: a code, or the name of an error. */
  @ApiProperty({ format: 'date-time' }) lastAt!: string;
  @ApiProperty() lastError!: string;
}

@ApiSchema({ name: 'GivenUpWorkList' })
export class GivenUpWorkListDto {
  @ListOf(GivenUpWorkDto) items!: GivenUpWorkDto[];
}

@ApiTags('telemetry')
@Controller('given-up-work')
export class GivenUpController {
  readonly #outbox: Outbox;

  constructor(@Inject(Outbox) outbox: Outbox) {
    this.#outbox = outbox;
  }

  @Get()
  @Access({ scopes: ['admin'], roles: ['admin'] })
  @ApiOperation({ operationId: 'listGivenUpWork', summary: 'Work that was given up, by its kind' })
  @ApiOkResponse({ type: GivenUpWorkListDto })
  async list(): Promise<GivenUpWorkListDto> {
    const found = await this.#outbox.givenUp();
    return { items: found.map(({ lastAt, ...work }) => ({ ...work, lastAt: lastAt.toISOString() })) };
  }
}
