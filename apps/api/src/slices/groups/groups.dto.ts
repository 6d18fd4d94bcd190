import { ApiProperty, ApiSchema } from '@nestjs/swagger';
import { PersonRefDto } from '../../platform/http/references.dto.ts';
import { ListOf, Thing } from '../../platform/http/schema.ts';

@ApiSchema({ name: 'Group' })
export class GroupDto {
  @ApiProperty() name!: string;
  @ListOf(PersonRefDto) members!: PersonRefDto[];
}

@ApiSchema({ name: 'GroupList' })
export class GroupListDto {
  @ListOf(GroupDto) items!: GroupDto[];
}

/** The groups of somebody after a change. */
@ApiSchema({ name: 'Membership' })
export class MembershipDto {
  @Thing(PersonRefDto) person!: PersonRefDto;
  @ListOf(String) groups!: string[];
}
