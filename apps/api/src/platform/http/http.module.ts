import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, DiscoveryModule, MetadataScanner } from '@nestjs/core';
import { AccessGuard } from './access.guard.ts';
import { ProblemFilter } from './problem.filter.ts';
import { RouteTable } from './route-table.ts';

/** Which routes there are, and what they declare. */
@Module({ imports: [DiscoveryModule], providers: [MetadataScanner, RouteTable], exports: [RouteTable] })
export class HttpRouteModule {}

/** What every request passes: who speaks and whether they may, and how a refusal looks. */
@Module({
  imports: [HttpRouteModule],
  providers: [
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_FILTER, useClass: ProblemFilter },
  ],
})
export class HttpModule {}
