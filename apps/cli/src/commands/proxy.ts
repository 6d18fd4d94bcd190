import { Args, Flags } from '@oclif/core';
import { Problem } from '@sallyport/problems';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

export default class Proxy extends TunnelCommand {
  static override summary = 'Carry one SSH connection on standard input and output: the ProxyCommand of ssh.';
  static override examples = [
    'tunnel ssh-config --install   (writes it for every host)',
    "ssh -o ProxyCommand='tunnel proxy web-1 %p' -p 22 web-1",
    "ssh -o ProxyCommand=\"tunnel proxy '%h' %p --user '%r'\" app@i-0b5c1d2e3f4a50617",
  ];
  static override usage = 'HOST PORT';
  static override args = { host: Args.string(nameArgument), port: Args.string(nameArgument) };
  static override flags = {
    user: Flags.string({ description: 'the user that ssh signs in as', helpValue: '%r' }),
  };

  async work(): Promise<number> {
    const { args, flags } = await this.parse(Proxy);
    const port = /^\d{1,5}$/u.test(args.port) ? Number(args.port) : 0;
    if (port < 1 || port > 65_535)
      throw new Problem('LOCAL_PORT_INVALID', {
        detail: `"${args.port.slice(0, 20)}" is not a port number.`,
      });
    const server = await this.server();
    const { proxyStory } = await import('../ssh/proxy.ts');
    return proxyStory(
      { world: this.world, server, printer: this.printer, debug: this.debugLine },
      { host: args.host, port, user: flags.user, bytes: this.world.bytes() },
    );
  }
}
