import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  IsArray,
  IsIn,
  IsInt,
  IsISO8601,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { Type } from 'class-transformer';
import { PublicKeyDto, SigningKeyDto } from '../../platform/http/keys.dto.ts';
import {
  ListOf,
  OneOf,
  TextOrNull,
  Thing,
  Time,
  TimeOrNull,
  Whole,
  WholeOrNull,
} from '../../platform/http/schema.ts';
import { limits } from './limits.ts';

const instanceForm = /^(?:i|mi)-[0-9a-f]{8,17}$/;
export const flowProtocols = ['tcp', 'udp', 'icmp', 'ip', 'dns'] as const;
export const flowEnds = ['client', 'far', 'refused', 'revoked', 'expired', 'limit', 'error'] as const;

@ApiSchema({ name: 'MakeJoinToken' })
export class MakeJoinTokenDto {
  @ApiProperty() @Matches(instanceForm) instanceId!: string;
}

/** Lets one agent of one instance enrol, once. */
@ApiSchema({ name: 'JoinToken' })
export class JoinTokenDto {
  @ApiProperty() token!: string;
  @Time() expiresAt!: string;
}

@ApiSchema({ name: 'EnrolAgent' })
export class EnrolAgentDto {
  @ApiProperty() @IsString() @MaxLength(200) joinToken!: string;
  @ApiProperty() @Matches(instanceForm) instanceId!: string;
  @Thing(PublicKeyDto) @ValidateNested() @Type(() => PublicKeyDto) publicKey!: PublicKeyDto;
}

/** What an agent keeps: its own name, and whose signatures it obeys. */
@ApiSchema({ name: 'AgentEnrolment' })
export class AgentEnrolmentDto {
  @ApiProperty() agentId!: string;
  @ApiProperty() issuer!: string;
  @ListOf(SigningKeyDto) keys!: SigningKeyDto[];
}

@ApiSchema({ name: 'Agent' })
export class AgentDto {
  @ApiProperty() id!: string;
  @OneOf(['enrolled', 'retired']) state!: 'enrolled' | 'retired';
  @ApiProperty() instanceId!: string;
  @TextOrNull() accountId!: string | null;
  /** RFC 7638, of its own key. */
  @ApiProperty() fingerprint!: string;
  /** `file`: enrolled by infrastructure; `join`: by a join token. */
  @OneOf(['file', 'join']) enrolledBy!: 'file' | 'join';
  @TimeOrNull() lastSeenAt!: string | null;
}

@ApiSchema({ name: 'AgentList' })
export class AgentListDto {
  @ListOf(AgentDto) items!: AgentDto[];
}

/** One conversation through an agent, as the agent saw it end. */
@ApiSchema({ name: 'FlowRecord' })
export class FlowRecordDto {
  /** Chosen by the agent; a record that comes again is kept once. */
  @ApiProperty() @Matches(/^[\w-]{8,64}$/) flowId!: string;
  @ApiProperty() @Matches(/^grt_[0-9A-HJKMNP-TV-Z]{26}$/) grantId!: string;
  @ApiProperty() @Matches(/^prs_[0-9A-HJKMNP-TV-Z]{26}$/) personId!: string;
  @ApiProperty() @IsString() @MaxLength(64) jti!: string;
  @OneOf(flowProtocols) @IsIn(flowProtocols) proto!: (typeof flowProtocols)[number];
  @TextOrNull() @IsOptional() @IsString() @MaxLength(45) source!: string | null;
  @ApiProperty() @IsString() @MaxLength(45) destination!: string;
  @WholeOrNull() @IsOptional() @IsInt() @Min(0) @Max(65_535) port!: number | null;
  @TextOrNull() @IsOptional() @IsString() @MaxLength(253) name!: string | null;
  @Whole() @IsInt() @Min(0) @Max(Number.MAX_SAFE_INTEGER) bytesUp!: number;
  @Whole() @IsInt() @Min(0) @Max(Number.MAX_SAFE_INTEGER) bytesDown!: number;
  @Time() @IsISO8601({ strict: true }) startedAt!: string;
  @Time() @IsISO8601({ strict: true }) endedAt!: string;
  @OneOf(flowEnds) @IsIn(flowEnds) end!: (typeof flowEnds)[number];
  @TextOrNull() @IsOptional() @Matches(/^[A-Z][A-Z0-9_]{2,60}$/) code!: string | null;
}

@ApiSchema({ name: 'ReportFlows' })
export class ReportFlowsDto {
  @ApiProperty({ type: [FlowRecordDto], maxItems: limits.recordsPerReportMax })
  @IsArray()
  @ArrayMaxSize(limits.recordsPerReportMax)
  @ValidateNested({ each: true })
  @Type(() => FlowRecordDto)
  records!: FlowRecordDto[];
}

@ApiSchema({ name: 'FlowsReported' })
export class FlowsReportedDto {
  /** New ones; the others were there. */
  @Whole() kept!: number;
  /** Of a grant that is not by this agent, or of another person: not kept. */
  @Whole() refused!: number;
}

@ApiSchema({ name: 'EndedGrant' })
export class EndedGrantDto {
  @ApiProperty() grantId!: string;
}

/** Grants that ended since the cursor; empty after 25 s without any. */
@ApiSchema({ name: 'Revocations' })
export class RevocationsDto {
  @ListOf(EndedGrantDto) revoked!: EndedGrantDto[];
  /** For the next question. */
  @Whole() cursor!: number;
}

/** What was sent to one destination of a grant. */
@ApiSchema({ name: 'FlowDestination' })
export class FlowDestinationDto {
  @ApiProperty() destination!: string;
  @WholeOrNull() port!: number | null;
  @OneOf(flowProtocols) proto!: (typeof flowProtocols)[number];
  @TextOrNull() name!: string | null;
  @Whole() flows!: number;
  @Whole() refused!: number;
  @Whole() bytesUp!: number;
  @Whole() bytesDown!: number;
  @Time() lastAt!: string;
}

@ApiSchema({ name: 'Flow' })
export class FlowDto extends FlowRecordDto {
  @ApiProperty() agentId!: string;
}

/** The conversations of a grant: the destinations by volume, and the latest ones. */
@ApiSchema({ name: 'FlowList' })
export class FlowListDto {
  @ListOf(FlowDto) items!: FlowDto[];
  @TextOrNull() nextCursor!: string | null;
  /** At most 50, the largest first. */
  @ListOf(FlowDestinationDto) destinations!: FlowDestinationDto[];
}
