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
}

@ApiSchema({ name: 'GrantList' })
export class GrantListDto {
  @ListOf(GrantDto) items!: GrantDto[];
}

@ApiSchema({ name: 'RevokeGrant' })
export class RevokeGrantDto {
  @ApiProperty() @IsString() reason!: string;
}
