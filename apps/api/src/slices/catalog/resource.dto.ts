import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import {
  AccountRefDto,
  RecordingDto,
  resourceKinds,
  type ResourceKind,
} from '../../platform/http/references.dto.ts';
import {
  ListOf,
  OneOf,
  TextMap,
  TextOrNull,
  Thing,
  ThingOrNull,
  TimeOrNull,
  Whole,
  WholeOrNull,
} from '../../platform/http/schema.ts';

export const resourceProtocols = ['postgresql', 'http', 'ssh'] as const;
export const gatewayStates = ['online', 'lost', 'stopped', 'unknown'] as const;
export const mineStates = ['none', 'waiting', 'granted', 'connected'] as const;

/** The database behind a resource and the role that people become in it. */
@ApiSchema({ name: 'Database' })
export class DatabaseDto {
  @ApiProperty() name!: string;
  @ApiProperty() role!: string;
}

@ApiSchema({ name: 'Gateway' })
export class GatewayDto {
  @TextMap() selector!: Record<string, string>;
  @TextOrNull() instanceId!: string | null;
  @OneOf(gatewayStates) state!: (typeof gatewayStates)[number];
}

@ApiSchema({ name: 'NotConnectable' })
export class NotConnectableDto {
  @ApiProperty() code!: string;
  @ApiProperty() reason!: string;
}

/** What the policies say to the person who looks. */
@ApiSchema({ name: 'ResourceRule' })
export class ResourceRuleDto {
  @ApiProperty() policy!: string;
  @Whole() maxDurationSeconds!: number;
  @Whole() defaultDurationSeconds!: number;
  @ApiProperty() reasonRequired!: boolean;
  @ApiProperty() reasonExample!: string;
  @ApiProperty() autoApproved!: boolean;
  @ListOf(String) reviewers!: string[];
  @WholeOrNull() usualWaitSeconds!: number | null;
}

/** Where the person who looks stands with a resource. */
@ApiSchema({ name: 'ResourceMine' })
export class ResourceMineDto {
  @OneOf(mineStates) state!: (typeof mineStates)[number];
  @TextOrNull() requestId!: string | null;
  @TextOrNull() grantId!: string | null;
  @TimeOrNull() endsAt!: string | null;
}

@ApiSchema({ name: 'Resource' })
export class ResourceDto {
  @ApiProperty() id!: string;
  @ApiProperty() name!: string;
  @OneOf(resourceKinds) kind!: ResourceKind;
  @ApiProperty() title!: string;
  @ApiProperty() description!: string;
  @ApiProperty() environment!: string;
  @TextMap() tags!: Record<string, string>;
  @TextOrNull() host!: string | null;
  @WholeOrNull() port!: number | null;
  @ApiProperty({ type: String, nullable: true, required: false }) cidr?: string | null;
  @ApiProperty({ type: String, nullable: true, required: false, enum: [...resourceProtocols] })
  protocol?: (typeof resourceProtocols)[number] | null;
  @ApiProperty({ type: DatabaseDto, nullable: true, required: false }) database?: DatabaseDto | null;
  @Thing(AccountRefDto) account!: AccountRefDto;
  @ApiProperty() region!: string;
  @Thing(GatewayDto) gateway!: GatewayDto;
  @ApiProperty() connectable!: boolean;
  @ThingOrNull(NotConnectableDto) notConnectable!: NotConnectableDto | null;
  @Thing(ResourceRuleDto) rule!: ResourceRuleDto;
  @Thing(RecordingDto) recording!: RecordingDto;
  @Thing(ResourceMineDto) mine!: ResourceMineDto;
}

@ApiSchema({ name: 'ResourceList' })
export class ResourceListDto {
  @ListOf(ResourceDto) items!: ResourceDto[];
}
