import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Effects } from '@sallyport/effects';
import { EFFECTS } from '../../effects.module.ts';
import { Access } from '../../platform/http/access.decorator.ts';
import { CurrentActor, scopes, type Actor, type Scope } from '../../platform/http/actor.ts';
import { AccessTokens } from './access-tokens.handler.ts';
import { PrismaAccessTokenStore } from './access-tokens.prisma-store.ts';
import {
  AccessTokenListDto,
  MakeAccessTokenDto,
  NewAccessTokenDto,
  type AccessTokenDto,
} from './identity.dto.ts';

@ApiTags('identity')
@Controller('access-tokens')
export class AccessTokensController {
  readonly #accessTokens: AccessTokens;
  readonly #store: PrismaAccessTokenStore;
  readonly #effects: Effects;

  constructor(
    @Inject(AccessTokens) accessTokens: AccessTokens,
    @Inject(PrismaAccessTokenStore) store: PrismaAccessTokenStore,
    @Inject(EFFECTS) effects: Effects,
  ) {
    this.#accessTokens = accessTokens;
    this.#store = store;
    this.#effects = effects;
  }

  @Get()
  @Access({ scopes: ['read'] })
  @ApiOperation({
    operationId: 'listAccessTokens',
    summary: 'My personal access tokens, without their secrets',
  })
  @ApiOkResponse({ type: AccessTokenListDto })
  async list(@CurrentActor() actor: Actor): Promise<AccessTokenListDto> {
    const now = this.#effects.clock.now();
    return { items: (await this.#store.of(actor.id)).map((row) => accessTokenDto(row, now)) };
  }

  @Post()
  @Access({ scopes })
  @ApiOperation({ operationId: 'makeAccessToken', summary: 'Make a token; only a browser may' })
  @ApiCreatedResponse({ type: NewAccessTokenDto })
  async make(@CurrentActor() actor: Actor, @Body() body: MakeAccessTokenDto): Promise<NewAccessTokenDto> {
    const { token, secret } = await this.#accessTokens.make(actor, body);
    const row = {
      ...token,
      createdAt: new Date(token.createdAt),
      expiresAt: new Date(token.expiresAt),
      lastUsedAt: null,
      revokedAt: null,
    };
    return { ...accessTokenDto(row, token.createdAt), token: secret };
  }

  @Delete(':id')
  @HttpCode(204)
  @Access({ scopes: ['admin'] })
  @ApiOperation({ operationId: 'revokeAccessToken', summary: 'Revoke a token of mine' })
  @ApiNoContentResponse()
  async revoke(@CurrentActor() actor: Actor, @Param('id') id: string): Promise<void> {
    await this.#accessTokens.revoke(actor, id);
  }
}

interface TokenRow {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
}

function accessTokenDto(row: TokenRow, now: number): AccessTokenDto {
  const state = row.revokedAt !== null ? 'revoked' : row.expiresAt.getTime() <= now ? 'expired' : 'active';
  return {
    id: row.id,
    name: row.name,
    scopes: row.scopes as Scope[],
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    lastUsedAt: row.lastUsedAt?.toISOString() ?? null,
    state,
  };
}
