import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { DocumentRefDto, FactsDocumentDto } from '../../platform/http/document.dto.ts';
import { NetworkDto } from '../../platform/http/network.dto.ts';
import { ShellAccessDto, SshAccessDto } from '../../platform/http/session-access.dto.ts';
import {
  AccountRefDto,
  PersonRefDto,
  RecordingDto,
  ResourceRefDto,
} from '../../platform/http/references.dto.ts';
import {
  AnyObject,
  ListOf,
  OneOf,
  TextMap,
  TextOrNull,
  Thing,
  ThingOrNull,
  Time,
  TimeOrNull,
  Whole,
  WholeOrNull,
} from '../../platform/http/schema.ts';

export const requestStates = ['pending', 'approved', 'denied', 'cancelled', 'lapsed'] as const;
export const itemStates = ['pending', 'approved', 'denied', 'narrowed'] as const;
export const verdicts = ['approve', 'deny'] as const;

@ApiSchema({ name: 'AccessRequestItem' })
export class AccessRequestItemDto {
  @ApiProperty() id!: string;
  @OneOf(itemStates) state!: (typeof itemStates)[number];
  @Thing(ResourceRefDto) resource!: ResourceRefDto;
  @TextOrNull() grantId!: string | null;
}

@ApiSchema({ name: 'Review' })
export class ReviewDto {
  @ApiProperty() id!: string;
  @ThingOrNull(PersonRefDto) reviewer!: PersonRefDto | null;
  @ApiProperty() automatic!: boolean;
  @OneOf(verdicts) verdict!: (typeof verdicts)[number];
  @TextOrNull() comment!: string | null;
  @Time() at!: string;
}

@ApiSchema({ name: 'FactsRequester' })
export class FactsRequesterDto extends PersonRefDto {
  @ListOf(String) groups!: string[];
}

/** What becomes reachable, as the target sees it. */
@ApiSchema({ name: 'Reach' })
export class ReachDto {
  @TextOrNull() host!: string | null;
  @WholeOrNull() port!: number | null;
  @TextOrNull() protocol!: string | null;
  @ApiProperty({ type: String, nullable: true, required: false }) database?: string | null;
  @ApiProperty({ type: String, nullable: true, required: false }) databaseRole?: string | null;
}

@ApiSchema({ name: 'FactsGateway' })
export class FactsGatewayDto {
  @TextOrNull() instanceId!: string | null;
  @TextMap() selector!: Record<string, string>;
}

/** What an approval of one item would give; derived by the server alone. */
@ApiSchema({ name: 'FactsItem' })
export class FactsItemDto {
  @Thing(ResourceRefDto) resource!: ResourceRefDto;
  @ApiProperty() title!: string;
  @Thing(ReachDto) reach!: ReachDto;
  /** Of a subnet. */
  @ApiProperty({ type: NetworkDto, required: false }) network?: NetworkDto;
  @Thing(FactsGatewayDto) gateway!: FactsGatewayDto;
  @Thing(AccountRefDto) account!: AccountRefDto;
  @ApiProperty() region!: string;
  @Thing(DocumentRefDto) document!: DocumentRefDto;
  /** All of them, where a grant leads through several. */
  @ApiProperty({ type: [FactsDocumentDto], required: false }) documents?: FactsDocumentDto[];
  /** Of a host that people sign in to by SSH. */
  @ApiProperty({ type: SshAccessDto, required: false }) ssh?: SshAccessDto;
  /** Of shells and commands. */
  @ApiProperty({ type: ShellAccessDto, required: false }) shell?: ShellAccessDto;
  @AnyObject() sessionPolicy!: Record<string, unknown>;
  @Thing(RecordingDto) recording!: RecordingDto;
  @ApiProperty() adds!: string;
}

@ApiSchema({ name: 'FactsHistory' })
export class FactsHistoryDto {
  @Whole() asked30d!: number;
  @Whole() used30d!: number;
}

/** What an extension would move: the end of a grant that stands. */
@ApiSchema({ name: 'FactsExtension' })
export class FactsExtensionDto {
  @ApiProperty() grantId!: string;
  @Time() startedAt!: string;
  @Time() endsAt!: string;
  @Time() until!: string;
}

@ApiSchema({ name: 'Facts' })
export class FactsDto {
  @Thing(FactsRequesterDto) requester!: FactsRequesterDto;
  @ApiProperty() reason!: string;
  @TextOrNull() ticket!: string | null;
  @Whole() durationSeconds!: number;
  @TimeOrNull() startsAt!: string | null;
  @ListOf(FactsItemDto) items!: FactsItemDto[];
  @ApiProperty({ type: FactsExtensionDto, required: false }) extension?: FactsExtensionDto;
  @Thing(FactsHistoryDto) history!: FactsHistoryDto;
}

@ApiSchema({ name: 'AccessRequest' })
export class AccessRequestDto {
  @ApiProperty() id!: string;
  @OneOf(requestStates) state!: (typeof requestStates)[number];
  @Whole() version!: number;
  @Thing(PersonRefDto) requester!: PersonRefDto;
  @ListOf(AccessRequestItemDto) items!: AccessRequestItemDto[];
  @ApiProperty() reason!: string;
  @TextOrNull() ticket!: string | null;
  @Whole() durationSeconds!: number;
  @Time() createdAt!: string;
  @TimeOrNull() startsAt!: string | null;
  @Time() lapsesAt!: string;
  @TimeOrNull() decidedAt!: string | null;
  @ListOf(ReviewDto) reviews!: ReviewDto[];
  @ListOf(String) reviewers!: string[];
  @WholeOrNull() usualWaitSeconds!: number | null;
  @ApiProperty() mayReview!: boolean;
  @ApiProperty() mayCancel!: boolean;
  @ThingOrNull(FactsDto) facts!: FactsDto | null;
  @TextOrNull() factsDigest!: string | null;
  /** Of a request for more time on a grant: its end as it was shown, and as it was asked for. */
  @ApiProperty({ type: FactsExtensionDto, nullable: true, required: false })
  extension?: FactsExtensionDto | null;
}

@ApiSchema({ name: 'AccessRequestList' })
export class AccessRequestListDto {
  @ListOf(AccessRequestDto) items!: AccessRequestDto[];
}
