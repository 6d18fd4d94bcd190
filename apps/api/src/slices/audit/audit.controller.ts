import { Controller, Get, Inject, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProperty, ApiTags } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsISO8601, IsOptional, IsString, Max, Min } from 'class-validator';
import { Access } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import { AuditEventListDto } from './audit-event.dto.ts';
import { AuditEventsQuery } from './audit-events.query.ts';

const Optional = () => ApiProperty({ type: String, required: false });

/** Filters of the audit list; all of them must hold. */
export class AuditFilterDto {
  @Optional() @IsOptional() @IsString() person?: string;
  @Optional() @IsOptional() @IsString() resource?: string;
  @Optional() @IsOptional() @IsString() type?: string;
  @Optional() @IsOptional() @IsString() grant?: string;
  @Optional() @IsOptional() @IsString() request?: string;
  @Optional() @IsOptional() @IsISO8601({ strict: true }) from?: string;
  @Optional() @IsOptional() @IsISO8601({ strict: true }) to?: string;
  @Optional() @IsOptional() @IsString() cursor?: string;
  @ApiProperty({ type: 'integer', required: false, default: 50 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  limit?: number;
}

@ApiTags('audit')
@Controller('audit-events')
export class AuditController {
  readonly #events: AuditEventsQuery;

  constructor(@Inject(AuditEventsQuery) events: AuditEventsQuery) {
    this.#events = events;
  }

  @Get()
  @Access({ scopes: ['audit'] })
  @ApiOperation({ operationId: 'listAuditEvents', summary: 'Who did what, newest first' })
  @ApiOkResponse({ type: AuditEventListDto })
  list(@CurrentActor() actor: Actor, @Query() filter: AuditFilterDto): Promise<AuditEventListDto> {
    return this.#events.list(actor, filter);
  }
}
