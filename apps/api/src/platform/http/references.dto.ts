import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { resourceKinds, type ResourceKind } from '@sallyport/catalog';
import { OneOf, TextOrNull } from './schema.ts';

export { resourceKinds, type ResourceKind };

/** A person, as other things mention them. */
@ApiSchema({ name: 'PersonRef' })
export class PersonRefDto {
  @ApiProperty() id!: string;
  @ApiProperty() name!: string;
  @ApiProperty() email!: string;
}

/** A resource, as other things mention it. */
@ApiSchema({ name: 'ResourceRef' })
export class ResourceRefDto {
  @ApiProperty() id!: string;
  @ApiProperty() name!: string;
  @OneOf(resourceKinds) kind!: ResourceKind;
}

/** An AWS account, as other things mention it. */
@ApiSchema({ name: 'AccountRef' })
export class AccountRefDto {
  @ApiProperty() id!: string;
  @ApiProperty() name!: string;
}

/** Whether and where what passes is recorded. */
@ApiSchema({ name: 'Recording' })
export class RecordingDto {
  @ApiProperty() recorded!: boolean;
  @TextOrNull() where!: string | null;
  @ApiProperty() statement!: string;
}
