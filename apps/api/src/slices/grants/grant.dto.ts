import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { IsString } from 'class-validator';
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

export const grantStates = ['scheduled', 'active', 'ended'] as const;

@ApiSchema({ name: 'GrantSessions' })
export class GrantSessionsDto {
  @Whole() live!: number;
  @Whole() total!: number;
}

/** What the policies leave for more time on a grant of one's own. */
@ApiSchema({ name: 'GrantExtension' })
export class GrantExtensionDto {
  /** By how much it may be extended, 0 when the budget is used up. */
  @Whole() secondsMax!: number;
  /** Up to which an extension is approved at once. */
  @Whole() automaticSecondsMax!: number;
  /** The extension that waits for an answer. */
  @TextOrNull() requestId!: string | null;
}

@ApiSchema({ name: 'Grant' })
export class GrantDto {
  @ApiProperty() id!: string;
  @OneOf(grantStates) state!: (typeof grantStates)[number];
  @TextOrNull() endReason!: string | null;
  @TextOrNull() endComment!: string | null;
  @Whole() version!: number;
  @Thing(ResourceRefDto) resource!: ResourceRefDto;
  @Thing(PersonRefDto) person!: PersonRefDto;
  @ApiProperty() requestId!: string;
  @ThingOrNull(PersonRefDto) approvedBy!: PersonRefDto | null;
  @ApiProperty() automatic!: boolean;
  @ApiProperty() reason!: string;
  @Time() startsAt!: string;
  @Time() endsAt!: string;
  @TimeOrNull() endedAt!: string | null;
  @Thing(GrantSessionsDto) sessions!: GrantSessionsDto;
  @ApiProperty() connectLine!: string;
  /** How often it was extended. */
  @ApiProperty({ type: 'integer', required: false }) extensions?: number;
  /** Of one's own active grants, where a policy lets them be extended. */
  @ApiProperty({ type: GrantExtensionDto, nullable: true, required: false })
  extension?: GrantExtensionDto | null;
}

@ApiSchema({ name: 'GrantList' })
export class GrantListDto {
  @ListOf(GrantDto) items!: GrantDto[];
}

@ApiSchema({ name: 'RevokeGrant' })
export class RevokeGrantDto {
  @ApiProperty() @IsString() reason!: string;
}
