import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { IsString, Matches } from 'class-validator';
import { PersonRefDto } from '../../platform/http/references.dto.ts';
import { ListOf, OneOf, TextOrNull, ThingOrNull, Whole, WholeOrNull } from '../../platform/http/schema.ts';

const kinds = ['create', 'unlock', 'lock', 'end'] as const;

/** One thing to be done on a host. */
@ApiSchema({ name: 'AccountChange' })
export class AccountChangeDto {
  @OneOf(kinds) kind!: (typeof kinds)[number];
  @ApiProperty() account!: string;
  /** Null when nobody of that id is known any more. */
  @ThingOrNull(PersonRefDto) person!: PersonRefDto | null;
  /** The number of a new account. */
  @WholeOrNull() uid!: number | null;
  /** What the account runs at the moment, and what is ended. */
  @Whole() processes!: number;
}

/** People who get no account, or whose account is left as it is. */
@ApiSchema({ name: 'AccountRefusal' })
export class AccountRefusalDto {
  @TextOrNull() account!: string | null;
  @ListOf(PersonRefDto) people!: PersonRefDto[];
  @ApiProperty() reason!: string;
}

/** A file of keys that no membership answers for; it is never removed. */
@ApiSchema({ name: 'OwnerlessKeys' })
export class OwnerlessKeysDto {
  @ApiProperty() path!: string;
  @TextOrNull() account!: string | null;
  @Whole() keys!: number;
  @ApiProperty() why!: string;
}

@ApiSchema({ name: 'PlannedHost' })
export class PlannedHostDto {
  @ApiProperty() instanceId!: string;
  @TextOrNull() instanceName!: string | null;
  @ListOf(AccountChangeDto) changes!: AccountChangeDto[];
  /** Changes that the next plan has. */
  @Whole() later!: number;
  @ListOf(AccountRefusalDto) refused!: AccountRefusalDto[];
  @ListOf(OwnerlessKeysDto) ownerlessKeys!: OwnerlessKeysDto[];
}

@ApiSchema({ name: 'UnreachedHost' })
export class UnreachedHostDto {
  @ApiProperty() instanceId!: string;
  @TextOrNull() instanceName!: string | null;
  @ApiProperty() code!: string;
}

/** What would be done on the hosts of a gateway. */
@ApiSchema({ name: 'AccountsPlan' })
export class AccountsPlanDto {
  @ApiProperty() gateway!: string;
  @ApiProperty() group!: string;
  /** Stands for all that would be done, and for the hosts as they are. */
  @ApiProperty() digest!: string;
  @Whole() changes!: number;
  @ListOf(PlannedHostDto) hosts!: PlannedHostDto[];
  @ListOf(UnreachedHostDto) unreached!: UnreachedHostDto[];
}

@ApiSchema({ name: 'ApplyAccountsPlan' })
export class ApplyAccountsPlanDto {
  @ApiProperty({ pattern: '^[0-9a-f]{64}$' })
  @IsString()
  @Matches(/^[0-9a-f]{64}$/)
  plan!: string;
}

const states = ['applied', 'changed', 'failed'] as const;

@ApiSchema({ name: 'AppliedHost' })
export class AppliedHostDto {
  @ApiProperty() instanceId!: string;
  @TextOrNull() instanceName!: string | null;
  @OneOf(states) state!: (typeof states)[number];
  @ListOf(String) done!: string[];
  @ListOf(String) failed!: string[];
}

@ApiSchema({ name: 'AppliedAccountsPlan' })
export class AppliedAccountsPlanDto {
  @ApiProperty() digest!: string;
  @ListOf(AppliedHostDto) hosts!: AppliedHostDto[];
}

/** A gateway whose hosts have accounts of people. */
@ApiSchema({ name: 'AccountsGateway' })
export class AccountsGatewayDto {
  @ApiProperty() gateway!: string;
  @ApiProperty() group!: string;
  /** It follows its group without being told. */
  @ApiProperty() sync!: boolean;
}

@ApiSchema({ name: 'AccountsGatewayList' })
export class AccountsGatewayListDto {
  @ListOf(AccountsGatewayDto) items!: AccountsGatewayDto[];
}
