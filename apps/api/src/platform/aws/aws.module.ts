import { Global, Module } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { CONFIGURATION, type Configuration } from '../../configuration.ts';
import { EFFECTS } from '../../effects.module.ts';
import { AwsGatewayInventory } from './inventory/aws-gateway-inventory.ts';
import { GatewayDirectory } from './inventory/gateway-directory.ts';
import { GatewayInventory } from './inventory/gateway-inventory.ts';
import { LeaseIssuer } from './issuer/lease-issuer.ts';
import { StsLeaseIssuer } from './issuer/sts-lease-issuer.ts';
import {
  PrincipalSocket,
  RemoteGatewayInventory,
  RemoteHostProvisioner,
  RemoteLeaseIssuer,
  RemoteSessionRevoker,
} from './process/remote-principal.ts';
import { readCatalogFile } from './read-catalog-file.ts';
import { HostProvisioner } from './provisioner/host-provisioner.ts';
import { SsmHostProvisioner } from './provisioner/ssm-host-provisioner.ts';
import { SessionRevoker } from './revoker/session-revoker.ts';
import { SsmSessionRevoker } from './revoker/ssm-session-revoker.ts';
import { Spokes } from './spokes.ts';

const inject = [CONFIGURATION, EFFECTS, Spokes];

/** The principals, each in this process or, when its socket is set, as a process of its own. */
@Global()
@Module({
  providers: [
    {
      provide: Spokes,
      useFactory: ({ catalogFile }: Configuration) => new Spokes(readCatalogFile(catalogFile)),
      inject: [CONFIGURATION],
    },
    {
      provide: LeaseIssuer,
      useFactory: ({ principalSockets: { issuer } }: Configuration, effects: Effects, spokes: Spokes) =>
        issuer === undefined
          ? new StsLeaseIssuer(spokes, effects)
          : new RemoteLeaseIssuer(new PrincipalSocket(issuer, effects.timers)),
      inject,
    },
    {
      provide: SessionRevoker,
      useFactory: ({ principalSockets: { revoker } }: Configuration, effects: Effects, spokes: Spokes) =>
        revoker === undefined
          ? new SsmSessionRevoker(spokes, effects)
          : new RemoteSessionRevoker(new PrincipalSocket(revoker, effects.timers)),
      inject,
    },
    {
      provide: GatewayInventory,
      useFactory: ({ principalSockets: { inventory } }: Configuration, effects: Effects, spokes: Spokes) =>
        inventory === undefined
          ? new AwsGatewayInventory(spokes, effects)
          : new RemoteGatewayInventory(new PrincipalSocket(inventory, effects.timers)),
      inject,
    },
    {
      provide: HostProvisioner,
      useFactory: ({ principalSockets: { provisioner } }: Configuration, effects: Effects, spokes: Spokes) =>
        provisioner === undefined
          ? new SsmHostProvisioner(spokes, effects)
          : new RemoteHostProvisioner(new PrincipalSocket(provisioner, effects.timers)),
      inject,
    },
    {
      provide: GatewayDirectory,
      useFactory: (inventory: GatewayInventory, { clock }: Effects) => new GatewayDirectory(inventory, clock),
      inject: [GatewayInventory, EFFECTS],
    },
  ],
  exports: [LeaseIssuer, SessionRevoker, HostProvisioner, GatewayInventory, GatewayDirectory],
})
export class AwsModule {}
