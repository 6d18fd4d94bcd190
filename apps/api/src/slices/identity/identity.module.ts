import { Global, Module } from '@nestjs/common';
import { Authenticator } from '../../platform/http/authenticator.ts';
import { IdentityController } from './identity.controller.ts';
import { PrismaAuthenticator } from './authenticator.prisma-store.ts';

@Global()
@Module({
  controllers: [IdentityController],
  providers: [{ provide: Authenticator, useClass: PrismaAuthenticator }],
  exports: [Authenticator],
})
export class IdentityModule {}
