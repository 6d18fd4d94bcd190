import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { PersonRef } from '@sallyport/access-domain';
import { Access } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import { ApplyPlan, type AppliedPlan } from './apply-plan.handler.ts';
import { OsAccountStore } from './os-account.prisma-store.ts';
import {
  AccountsGatewayListDto,
  AccountsPlanDto,
  AppliedAccountsPlanDto,
  ApplyAccountsPlanDto,
  type PlannedHostDto,
} from './os-users.dto.ts';
import { PlanGateway, type GatewayPlan, type PlannedHost } from './plan-gateway.ts';

@ApiTags('os-users')
@Controller('gateways')
export class OsUsersController {
  readonly #plans: PlanGateway;
  readonly #apply: ApplyPlan;
  readonly #store: OsAccountStore;

  constructor(
    @Inject(PlanGateway) plans: PlanGateway,
    @Inject(ApplyPlan) apply: ApplyPlan,
    @Inject(OsAccountStore) store: OsAccountStore,
  ) {
    this.#plans = plans;
    this.#apply = apply;
    this.#store = store;
  }

  @Get('with-accounts')
  @Access({ scopes: ['admin'], roles: ['admin'] })
  @ApiOperation({
    operationId: 'listAccountsGateways',
    summary: 'Gateways whose hosts have accounts of people',
  })
  @ApiOkResponse({ type: AccountsGatewayListDto })
  list(): AccountsGatewayListDto {
    return { items: this.#plans.managed().map(({ name, ...rest }) => ({ gateway: name, ...rest })) };
  }

  @Post(':gateway/accounts/plan')
  @HttpCode(200)
  @Access({ scopes: ['admin'], roles: ['admin'] })
  @ApiOperation({
    operationId: 'planAccounts',
    summary: 'What would be done to accounts on the hosts of a gateway',
  })
  @ApiOkResponse({ type: AccountsPlanDto })
  async plan(@Param('gateway') gateway: string): Promise<AccountsPlanDto> {
    const plan = await this.#plans.of(gateway);
    return planDto(plan, await this.#store.people(plan.hosts.flatMap(peopleIn)));
  }

  @Post(':gateway/accounts/apply')
  @HttpCode(200)
  @Access({ scopes: ['admin'], roles: ['admin'] })
  @ApiOperation({ operationId: 'applyAccounts', summary: 'Do exactly what a plan showed' })
  @ApiOkResponse({ type: AppliedAccountsPlanDto })
  async apply(
    @CurrentActor() actor: Actor,
    @Param('gateway') gateway: string,
    @Body() { plan }: ApplyAccountsPlanDto,
  ): Promise<AppliedAccountsPlanDto> {
    return appliedDto(await this.#apply.run(gateway, plan, actor));
  }
}

function peopleIn({ changes, refused }: PlannedHost): string[] {
  return [...changes.map(({ personId }) => personId), ...refused.flatMap(({ personIds }) => personIds)];
}

function planDto(plan: GatewayPlan, people: ReadonlyMap<string, PersonRef>): AccountsPlanDto {
  return {
    gateway: plan.gateway.name,
    group: plan.accounts.group,
    digest: plan.digest,
    changes: plan.hosts.reduce((sum, { changes }) => sum + changes.length, 0),
    hosts: plan.hosts.map((host) => hostDto(host, people)),
    unreached: plan.unreached.map(({ instance, code }) => ({ ...named(instance), code })),
  };
}

function hostDto(host: PlannedHost, people: ReadonlyMap<string, PersonRef>): PlannedHostDto {
  const { changes, later, refused, ownerlessKeys, facts } = host;
  return {
    ...named(host.instance),
    changes: changes.map((change) => ({
      kind: change.kind,
      account: change.name,
      person: people.get(change.personId) ?? null,
      uid: change.kind === 'create' ? change.uid : null,
      processes: facts.own.find(({ name }) => name === change.name)?.processes ?? 0,
    })),
    later,
    refused: refused.map(({ name, personIds, reason }) => ({
      account: name,
      people: personIds.flatMap((id) => people.get(id) ?? []),
      reason,
    })),
    ownerlessKeys: ownerlessKeys.map(({ owner, keys, path, why }) => ({ path, account: owner, keys, why })),
  };
}

function appliedDto({ digest, hosts }: AppliedPlan): AppliedAccountsPlanDto {
  return {
    digest,
    hosts: hosts.map(({ done, failed, ...host }) => ({ ...host, done: [...done], failed: [...failed] })),
  };
}

function named({ instanceId, tags }: { instanceId: string; tags: Readonly<Record<string, string>> }) {
  return { instanceId, instanceName: tags['Name'] ?? null };
}
