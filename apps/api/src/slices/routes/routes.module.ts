import { Module } from '@nestjs/common';
import { IssueAgentToken } from './issue-agent-token.handler.ts';
import { IssueRouteGrant } from './issue-route-grant.handler.ts';
import { RoutesController } from './routes.controller.ts';
import { SigningKeys } from './signing-keys.query.ts';

@Module({
  controllers: [RoutesController],
  providers: [
    { provide: IssueAgentToken, useFactory: () => new IssueAgentToken() },
    { provide: IssueRouteGrant, useFactory: () => new IssueRouteGrant() },
    { provide: SigningKeys, useFactory: () => new SigningKeys() },
  ],
})
export class RoutesModule {}
