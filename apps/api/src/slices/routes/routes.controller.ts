import { Body, Controller, Get, Inject, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Access, Public } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import { IssueAgentToken } from './issue-agent-token.handler.ts';
import { IssueRouteGrant } from './issue-route-grant.handler.ts';
import { SigningKeys } from './signing-keys.query.ts';
import { AgentTokenDto, IssueAgentTokenDto, RouteGrantDto, SigningKeyListDto } from './routes.dto.ts';

@ApiTags('routes')
@Controller()
export class RoutesController {
  readonly #agentTokens: IssueAgentToken;
  readonly #routeGrants: IssueRouteGrant;
  readonly #keys: SigningKeys;

  constructor(
    @Inject(IssueAgentToken) agentTokens: IssueAgentToken,
    @Inject(IssueRouteGrant) routeGrants: IssueRouteGrant,
    @Inject(SigningKeys) keys: SigningKeys,
  ) {
    this.#agentTokens = agentTokens;
    this.#routeGrants = routeGrants;
    this.#keys = keys;
  }

  @Post('grants/:id/agent-tokens')
  @Access({ scopes: ['connect'] })
  @ApiOperation({ operationId: 'issueAgentToken', summary: 'A token of 60 s that the companion agent obeys' })
  @ApiCreatedResponse({ type: AgentTokenDto })
  issueAgentToken(
    @CurrentActor() actor: Actor,
    @Param('id') grantId: string,
    @Body() { publicKey, instanceId }: IssueAgentTokenDto,
  ): Promise<AgentTokenDto> {
    return this.#agentTokens.run(grantId, actor, { x: publicKey.x, instanceId });
  }

  @Post('grants/:id/route-grants')
  @Access({ scopes: ['connect'] })
  @ApiOperation({
    operationId: 'issueRouteGrant',
    summary: 'What the privileged helper of this laptop may set until the grant ends',
  })
  @ApiCreatedResponse({ type: RouteGrantDto })
  issueRouteGrant(@CurrentActor() actor: Actor, @Param('id') grantId: string): Promise<RouteGrantDto> {
    return this.#routeGrants.run(grantId, actor);
  }

  @Get('signing-keys')
  @Public()
  @ApiOperation({
    operationId: 'listSigningKeys',
    summary:
      'The public keys that verify what is signed here; compare their fingerprints before you trust them',
  })
  @ApiOkResponse({ type: SigningKeyListDto })
  listSigningKeys(): Promise<SigningKeyListDto> {
    return this.#keys.read();
  }
}
