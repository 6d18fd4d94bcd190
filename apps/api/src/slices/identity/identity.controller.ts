import { Body, Controller, Delete, Get, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { Problem } from '@sallyport/problems';
import type { Request, Response } from 'express';
import { Access, Public } from '../../platform/http/access.decorator.ts';
import { CurrentActor, type Actor } from '../../platform/http/actor.ts';
import {
  AccessTokenListDto,
  CliSignedInDto,
  CliSignInDto,
  MakeAccessTokenDto,
  MeDto,
  NewAccessTokenDto,
  SignInDto,
} from './identity.dto.ts';

@ApiTags('identity')
@Controller()
export class IdentityController {
  @Post('sign-in')
  @HttpCode(200)
  @Public()
  @ApiOperation({ operationId: 'signIn', summary: 'Sign a browser in; the answer sets the cookie' })
  @ApiOkResponse({ type: MeDto })
  signIn(
    @Req() _request: Request,
    @Res({ passthrough: true }) _response: Response,
    @Body() _body: SignInDto,
  ): Promise<MeDto> {
    throw new Problem('INTERNAL_ERROR');
  }

  @Post('sign-out')
  @HttpCode(204)
  @Access({ scopes: ['read'] })
  @ApiOperation({ operationId: 'signOut', summary: 'End this sign-in, or revoke the token that asks' })
  @ApiNoContentResponse()
  signOut(@CurrentActor() _actor: Actor, @Res({ passthrough: true }) _response: Response): Promise<void> {
    throw new Problem('INTERNAL_ERROR');
  }

  @Get('me')
  @Access({ scopes: ['read'] })
  @ApiOperation({ operationId: 'readMe', summary: 'Who I am, and what waits for me' })
  @ApiOkResponse({ type: MeDto })
  me(@CurrentActor() _actor: Actor): Promise<MeDto> {
    throw new Problem('INTERNAL_ERROR');
  }

  @Post('cli-sign-in')
  @Public()
  @ApiOperation({ operationId: 'cliSignIn', summary: 'Sign a command line in; the answer holds its token' })
  @ApiCreatedResponse({ type: CliSignedInDto })
  cliSignIn(@Req() _request: Request, @Body() _body: CliSignInDto): Promise<CliSignedInDto> {
    throw new Problem('INTERNAL_ERROR');
  }

  @Get('access-tokens')
  @Access({ scopes: ['read'] })
  @ApiOperation({
    operationId: 'listAccessTokens',
    summary: 'My personal access tokens, without their secrets',
  })
  @ApiOkResponse({ type: AccessTokenListDto })
  listTokens(@CurrentActor() _actor: Actor): Promise<AccessTokenListDto> {
    throw new Problem('INTERNAL_ERROR');
  }

  @Post('access-tokens')
  @Access({ scopes: ['read', 'request', 'review', 'connect', 'admin', 'audit'] })
  @ApiOperation({ operationId: 'makeAccessToken', summary: 'Make a token; only a browser may' })
  @ApiCreatedResponse({ type: NewAccessTokenDto })
  makeToken(@CurrentActor() _actor: Actor, @Body() _body: MakeAccessTokenDto): Promise<NewAccessTokenDto> {
    throw new Problem('INTERNAL_ERROR');
  }

  @Delete('access-tokens/:id')
  @HttpCode(204)
  @Access({ scopes: ['read'] })
  @ApiOperation({ operationId: 'revokeAccessToken', summary: 'Revoke a token of mine' })
  @ApiNoContentResponse()
  revokeToken(@CurrentActor() _actor: Actor, @Param('id') _id: string): Promise<void> {
    throw new Problem('INTERNAL_ERROR');
  }
}
