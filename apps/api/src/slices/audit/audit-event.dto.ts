import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { ResourceRefDto } from '../../platform/http/references.dto.ts';
import {
  AnyObject,
  ListOf,
  OneOf,
  TextOrNull,
  Thing,
  ThingOrNull,
  Time,
  Whole,
} from '../../platform/http/schema.ts';

export const actorKinds = ['person', 'system'] as const;

@ApiSchema({ name: 'AuditActor' })
export class AuditActorDto {
  @OneOf(actorKinds) kind!: (typeof actorKinds)[number];
  @TextOrNull() id!: string | null;
  @ApiProperty() name!: string;
  @TextOrNull() email!: string | null;
}

@ApiSchema({ name: 'AuditEvent' })
export class AuditEventDto {
  @ApiProperty() id!: string;
  @Whole() position!: number;
  @Time() at!: string;
  @ApiProperty() type!: string;
  @Thing(AuditActorDto) actor!: AuditActorDto;
  @ThingOrNull(ResourceRefDto) resource!: ResourceRefDto | null;
  @TextOrNull() requestId!: string | null;
  @TextOrNull() grantId!: string | null;
  @TextOrNull() leaseId!: string | null;
  @TextOrNull() sessionId!: string | null;
  @ApiProperty() sentence!: string;
  @AnyObject() details!: Record<string, unknown>;
}

@ApiSchema({ name: 'AuditEventList' })
export class AuditEventListDto {
  @ListOf(AuditEventDto) items!: AuditEventDto[];
  @TextOrNull() nextCursor!: string | null;
}
