import { Flags } from '@oclif/core';
import { TunnelCommand } from '../tunnel-command.ts';

export default class Login extends TunnelCommand {
  static override summary = 'Sign in to the control plane on this machine.';
  static override examples = [
    'tunnel login',
    'tunnel login --token-stdin < token.txt',
    'TUNNEL_SERVER=https://sallyport.example.com tunnel login',
  ];
  static override flags = {
    'token-stdin': Flags.boolean({ description: 'read a personal access token from standard input' }),
    email: Flags.string({ description: 'who signs in; asked for when left out', helpValue: 'EMAIL' }),
  };

  async work(): Promise<void> {
    const { flags } = await this.parse(Login);
    const { serverAddress } = await import('../settings/server-address.ts');
    const { readSignIn } = await import('../settings/token-file.ts');
    const { signInByPrompt, signInByToken } = await import('../stories/sign-in.ts');
    const address = serverAddress(this.world.env);
    const as = (token: string | undefined) => this.serverAs(address, token);
    const me = flags['token-stdin']
      ? await signInByToken(this.world, as)
      : await signInByPrompt(this.world, as, flags.email);
    await this.refreshHosts(await as((await readSignIn(this.world, address))?.token));
    this.printer.answer({ ...me, state: 'signed_in' }, () => '');
    if (!this.printer.json) this.printer.done(`signed in to ${address.origin} as ${me.email}`);
  }
}
