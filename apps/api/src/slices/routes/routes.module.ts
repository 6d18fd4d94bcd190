import { Module } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { EFFECTS } from '../../effects.module.ts';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { UnitOfWork } from '../../platform/database/unit-of-work.ts';
import { Signer } from '../../platform/signer/signer.ts';
import { Metrics } from '../../platform/telemetry/metrics.ts';
import { AgentsModule } from '../agents/agents.module.ts';
import { AgentStore } from '../agents/index.ts';
import { CatalogModule } from '../catalog/catalog.module.ts';
import { ResourceDirectory } from '../catalog/index.ts';
import { GrantsModule } from '../grants/grants.module.ts';
import { GrantStore } from '../grants/index.ts';
import { AgentTokenStore } from './agent-token.prisma-store.ts';
import { GrantedNetwork } from './granted-network.query.ts';
import { IssueAgentToken } from './issue-agent-token.handler.ts';
import { IssueRouteGrant } from './issue-route-grant.handler.ts';
import { RoutesController } from './routes.controller.ts';
import { SigningKeys } from './signing-keys.query.ts';

@Module({
  imports: [CatalogModule, GrantsModule, AgentsModule],
  controllers: [RoutesController],
  providers: [
    {
      provide: GrantedNetwork,
      useFactory: (
        client: PrismaClient,
        grants: GrantStore,
        directory: ResourceDirectory,
        effects: Effects,
      ) => new GrantedNetwork(client, grants, directory, effects),
      inject: [PrismaClient, GrantStore, ResourceDirectory, EFFECTS],
    },
    {
      provide: AgentTokenStore,
      useFactory: (client: PrismaClient) => new AgentTokenStore(client),
      inject: [PrismaClient],
    },
    {
      provide: IssueAgentToken,
      useFactory: (
        granted: GrantedNetwork,
        agents: AgentStore,
        tokens: AgentTokenStore,
        signer: Signer,
        metrics: Metrics,
        unitOfWork: UnitOfWork,
        effects: Effects,
      ) => new IssueAgentToken({ granted, agents, tokens, signer, metrics }, unitOfWork, effects),
      inject: [GrantedNetwork, AgentStore, AgentTokenStore, Signer, Metrics, UnitOfWork, EFFECTS],
    },
    {
      provide: IssueRouteGrant,
      useFactory: (granted: GrantedNetwork, signer: Signer, unitOfWork: UnitOfWork, effects: Effects) =>
        new IssueRouteGrant(granted, signer, unitOfWork, effects),
      inject: [GrantedNetwork, Signer, UnitOfWork, EFFECTS],
    },
    {
      provide: SigningKeys,
      useFactory: (signer: Signer) => new SigningKeys(signer),
      inject: [Signer],
    },
  ],
})
export class RoutesModule {}
