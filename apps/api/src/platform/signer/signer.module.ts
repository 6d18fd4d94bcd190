import { Global, Module } from '@nestjs/common';
import type { Effects } from '@sallyport/effects';
import { CONFIGURATION, type Configuration } from '../../configuration.ts';
import { EFFECTS } from '../../effects.module.ts';
import { PrincipalSocket } from '../aws/process/remote-principal.ts';
import { NoSigner } from './no-signer.ts';
import { RemoteSigner } from './remote-signer.ts';
import { Signer } from './signer.ts';

/** The signer is always a process of its own: this one never sees a key. */
@Global()
@Module({
  providers: [
    {
      provide: Signer,
      useFactory: ({ signerSocket }: Configuration, { timers }: Effects) =>
        signerSocket === undefined
          ? new NoSigner()
          : new RemoteSigner(new PrincipalSocket(signerSocket, timers)),
      inject: [CONFIGURATION, EFFECTS],
    },
  ],
  exports: [Signer],
})
export class SignerModule {}
