import { Module } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { CONFIGURATION, type Configuration } from '../../configuration.ts';
import { EFFECTS } from '../../effects.module.ts';
import { PrismaClient } from '../../generated/prisma/client.ts';
import { GatewayDirectory } from '../../platform/aws/inventory/gateway-directory.ts';
import { GatewayInventory } from '../../platform/aws/inventory/gateway-inventory.ts';
import { readCatalogFile } from '../../platform/aws/read-catalog-file.ts';
import { Policies, UsualWait } from '../policies/index.ts';
import { PoliciesModule } from '../policies/policies.module.ts';
import { CatalogController } from './catalog.controller.ts';
import { LogDestinationQuery } from './log-destination.query.ts';
import { ResourceDirectory } from './resource-directory.ts';
import { keepCatalog } from './resource.prisma-store.ts';
import { ResourcesQuery } from './resources.query.ts';

@Module({
  imports: [PoliciesModule],
  controllers: [CatalogController],
  providers: [
    {
      provide: ResourceDirectory,
      useFactory: (client: PrismaClient, { catalogFile }: Configuration, effects: Effects) =>
        keepCatalog(client, readCatalogFile(catalogFile), effects),
      inject: [PrismaClient, CONFIGURATION, EFFECTS],
    },
    {
      provide: ResourcesQuery,
      useFactory: (
        client: PrismaClient,
        effects: Effects,
        directory: ResourceDirectory,
        policies: Policies,
        gateways: GatewayDirectory,
        usualWait: UsualWait,
      ) => new ResourcesQuery(client, effects, { directory, policies, gateways, usualWait }),
      inject: [PrismaClient, EFFECTS, ResourceDirectory, Policies, GatewayDirectory, UsualWait],
    },
    {
      provide: LogDestinationQuery,
      useFactory: (resources: ResourcesQuery, inventory: GatewayInventory, effects: Effects) =>
        new LogDestinationQuery(resources, inventory, effects.clock),
      inject: [ResourcesQuery, GatewayInventory, EFFECTS],
    },
  ],
  exports: [ResourceDirectory],
})
export class CatalogModule {}
