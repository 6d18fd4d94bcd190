import { Controller, Delete, Get, Inject, Param, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Person } from '@sallyport/access-domain';
import { Access } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import { ChangeMembership } from './change-membership.handler.ts';
import { GroupListDto, MembershipDto, type GroupDto } from './groups.dto.ts';
import { MembershipStore } from './membership.prisma-store.ts';

@ApiTags('groups')
@Controller('groups')
export class GroupsController {
  readonly #store: MembershipStore;
  readonly #change: ChangeMembership;

  constructor(
    @Inject(MembershipStore) store: MembershipStore,
    @Inject(ChangeMembership) change: ChangeMembership,
  ) {
    this.#store = store;
    this.#change = change;
  }

  @Get()
  @Access({ scopes: ['admin', 'audit'], roles: ['admin', 'auditor'] })
  @ApiOperation({ operationId: 'listGroups', summary: 'Groups and who is in them' })
  @ApiOkResponse({ type: GroupListDto })
  async list(): Promise<GroupListDto> {
    const groups = new Map<string, GroupDto>();
    for (const person of await this.#store.inGroups())
      for (const name of person.groups) {
        const group = groups.get(name) ?? { name, members: [] };
        group.members.push(referenceOf(person));
        groups.set(name, group);
      }
    return { items: [...groups.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) };
  }

  @Put(':group/members/:email')
  @Access({ scopes: ['admin'], roles: ['admin'] })
  @ApiOperation({ operationId: 'joinGroup', summary: 'Put somebody into a group' })
  @ApiOkResponse({ type: MembershipDto })
  async join(
    @CurrentActor() actor: Actor,
    @Param('group') group: string,
    @Param('email') email: string,
  ): Promise<MembershipDto> {
    return membershipDto(await this.#change.join(group, email, actor));
  }

  @Delete(':group/members/:email')
  @Access({ scopes: ['admin'], roles: ['admin'] })
  @ApiOperation({
    operationId: 'leaveGroup',
    summary: 'Take somebody out of a group; grants that no policy gives them any more end',
  })
  @ApiOkResponse({ type: MembershipDto })
  async leave(
    @CurrentActor() actor: Actor,
    @Param('group') group: string,
    @Param('email') email: string,
  ): Promise<MembershipDto> {
    return membershipDto(await this.#change.leave(group, email, actor));
  }
}

function membershipDto(person: Person): MembershipDto {
  return { person: referenceOf(person), groups: [...person.groups] };
}

function referenceOf({ id, name, email }: Person) {
  return { id, name, email };
}
