import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { leasePurposes, type LeasePurpose } from '@sallyport/catalog';
import { IsIn, IsInt, IsOptional, IsString, Matches, Max, MaxLength, Min, MinLength } from 'class-validator';
import { lossReasons, type LossReason } from '@sallyport/access-domain';
import { PersonRefDto, ResourceRefDto } from '../../platform/http/references.dto.ts';
import {
  ListOf,
  OneOf,
  TextOrNull,
  Thing,
  ThingOrNull,
  Time,
  TimeOrNull,
  Whole,
} from '../../platform/http/schema.ts';

export const sessionStates = ['opening', 'open', 'reconnecting', 'closing', 'closed'] as const;
export const sessionEndReasons = [
  'client_exit',
  'idle',
  'grant_ended',
  'revoked',
  'network',
  'gateway_lost',
  'limit',
  'error',
] as const;
export const recordingStates = ['awaited', 'stored', 'missing', 'removed'] as const;
export const closeCodes = ['GRANT_ENDED', 'SESSION_TERMINATED'] as const;

/** Whether the client's recording of a session came; who may read it is another matter. */
@ApiSchema({ name: 'RecordingOfSession' })
export class RecordingOfSessionDto {
  @OneOf(recordingStates) state!: (typeof recordingStates)[number];
  /** A long session makes several. */
  @ListOf(String) ids!: string[];
}

@ApiSchema({ name: 'Session' })
export class SessionDto {
  @ApiProperty() id!: string;
  @OneOf(sessionStates) state!: (typeof sessionStates)[number];
  @TextOrNull() endReason!: string | null;
  @ApiProperty() grantId!: string;
  /** What is open: a port, SSH, a shell, a command without or in a terminal. */
  @OneOf(leasePurposes) purpose!: LeasePurpose;
  /** Null where the client was to record nothing. */
  @ThingOrNull(RecordingOfSessionDto) recording!: RecordingOfSessionDto | null;
  @Thing(ResourceRefDto) resource!: ResourceRefDto;
  @Thing(PersonRefDto) person!: PersonRefDto;
  @TextOrNull() ssmSessionId!: string | null;
  @TextOrNull() instanceId!: string | null;
  @Time() openedAt!: string;
  @TimeOrNull() closedAt!: string | null;
  @Time() lastSeenAt!: string;
  @Time() endsAt!: string;
  @Whole() bytesUp!: number;
  @Whole() bytesDown!: number;
  @ApiProperty() clientVersion!: string;
}

@ApiSchema({ name: 'SessionList' })
export class SessionListDto {
  @ListOf(SessionDto) items!: SessionDto[];
}

@ApiSchema({ name: 'OpenSession' })
export class OpenSessionDto {
  @ApiProperty() @IsString() @MaxLength(64) grantId!: string;
  @ApiProperty() @IsString() @MaxLength(64) leaseId!: string;
  @ApiProperty() @IsString() @MinLength(1) @MaxLength(64) clientVersion!: string;
  @ApiProperty({ type: 'integer', required: false, nullable: true })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(65_535)
  localPort?: number | null;
}

/** Most bytes that a counter may claim: what a JSON number carries exactly. */
const bytesMax = Number.MAX_SAFE_INTEGER;

@ApiSchema({ name: 'Heartbeat' })
export class HeartbeatDto {
  @OneOf(['open', 'reconnecting']) @IsIn(['open', 'reconnecting']) state!: 'open' | 'reconnecting';
  @ApiProperty({ type: String, required: false, nullable: true })
  @IsOptional()
  @Matches(/^[A-Za-z0-9_+=,.@-]{1,96}$/, { message: 'ssmSessionId must be a Session Manager session id' })
  ssmSessionId?: string | null;
  @Whole() @IsInt() @Min(0) @Max(bytesMax) bytesUp!: number;
  @Whole() @IsInt() @Min(0) @Max(bytesMax) bytesDown!: number;
  /** Why the connection was lost since the beat before, although it may be back. */
  @ApiProperty({ enum: lossReasons, required: false, nullable: true })
  @IsOptional()
  @IsIn([...lossReasons])
  lost?: LossReason | null;
}

/** Why the client must close now. */
@ApiSchema({ name: 'CloseOrder' })
export class CloseOrderDto {
  @OneOf(closeCodes) code!: (typeof closeCodes)[number];
  @ApiProperty() reason!: string;
  @TextOrNull() comment!: string | null;
}

@ApiSchema({ name: 'HeartbeatAnswer' })
export class HeartbeatAnswerDto {
  @Thing(SessionDto) session!: SessionDto;
  @ThingOrNull(CloseOrderDto) close!: CloseOrderDto | null;
}

@ApiSchema({ name: 'CloseSession' })
export class CloseSessionDto {
  @OneOf(sessionEndReasons) @IsIn([...sessionEndReasons]) reason!: (typeof sessionEndReasons)[number];
  @Whole() @IsInt() @Min(0) @Max(bytesMax) bytesUp!: number;
  @Whole() @IsInt() @Min(0) @Max(bytesMax) bytesDown!: number;
}

@ApiSchema({ name: 'TerminateSession' })
export class TerminateSessionDto {
  @ApiProperty() @IsString() @MinLength(1) @MaxLength(500) reason!: string;
}
