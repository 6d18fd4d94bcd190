import { Body, Controller, Get, HttpCode, Inject, Post, Req, Res } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { Access, Public } from '../../platform/http/access.decorator.ts';
import { CurrentActor, scopes, type Actor } from '../../platform/http/actor.ts';
import { signInCookie } from '../../platform/http/authenticator.ts';
import { actorOf } from './authenticator.prisma-store.ts';
import { CliSignedInDto, CliSignInDto, MeDto, SignInDto } from './identity.dto.ts';
import { signInLifeMs } from './limits.ts';
import { ReadMe } from './me.ts';
import { SignIn } from './sign-in.handler.ts';
import { SignOut } from './sign-out.handler.ts';

const cookieOptions = { path: '/', secure: true, httpOnly: true, sameSite: 'lax' } as const;

@ApiTags('identity')
@Controller()
export class IdentityController {
  readonly #signIn: SignIn;
  readonly #signOut: SignOut;
  readonly #me: ReadMe;

  constructor(@Inject(SignIn) signIn: SignIn, @Inject(SignOut) signOut: SignOut, @Inject(ReadMe) me: ReadMe) {
    this.#signIn = signIn;
    this.#signOut = signOut;
    this.#me = me;
  }

  @Post('sign-in')
  @HttpCode(200)
  @Public()
  @ApiOperation({ operationId: 'signIn', summary: 'Sign a browser in; the answer sets the cookie' })
  @ApiOkResponse({ type: MeDto })
  async signIn(
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Body() body: SignInDto,
  ): Promise<MeDto> {
    const signedIn = await this.#signIn.browser({ ...body, address: request.ip ?? null });
    response.cookie(signInCookie, signedIn.secret, { ...cookieOptions, maxAge: signInLifeMs });
    const credential = { signedInBy: 'cookie', credentialId: signedIn.signInId, scopes: null } as const;
    return this.#me.run(actorOf(signedIn.account, credential));
  }

  @Post('sign-out')
  @HttpCode(204)
  @Access({ scopes })
  @ApiOperation({
    operationId: 'signOut',
    summary: 'End this sign-in; a token ends when tunnel login made it',
  })
  @ApiNoContentResponse()
  async signOut(@CurrentActor() actor: Actor, @Res({ passthrough: true }) response: Response): Promise<void> {
    await this.#signOut.run(actor);
    if (actor.signedInBy === 'cookie') response.clearCookie(signInCookie, cookieOptions);
  }

  @Get('me')
  @Access({ scopes })
  @ApiOperation({ operationId: 'readMe', summary: 'Who I am, and what waits for me' })
  @ApiOkResponse({ type: MeDto })
  me(@CurrentActor() actor: Actor): Promise<MeDto> {
    return this.#me.run(actor);
  }

  @Post('cli-sign-in')
  @Public()
  @ApiOperation({ operationId: 'cliSignIn', summary: 'Sign a command line in; the answer holds its token' })
  @ApiCreatedResponse({ type: CliSignedInDto })
  async cliSignIn(@Req() request: Request, @Body() body: CliSignInDto): Promise<CliSignedInDto> {
    const { email, password, deviceName } = body;
    const credentials = { email, password, address: request.ip ?? null };
    const { account, token, secret } = await this.#signIn.commandLine(credentials, deviceName);
    const credential = { signedInBy: 'token', credentialId: token.id, scopes: token.scopes } as const;
    return {
      token: secret,
      tokenId: token.id,
      expiresAt: new Date(token.expiresAt).toISOString(),
      me: await this.#me.run(actorOf(account, credential)),
    };
  }
}
