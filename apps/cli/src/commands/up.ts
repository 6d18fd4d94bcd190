import { cwd } from 'node:process';
import { Flags } from '@oclif/core';
import { Problem } from '@sallyport/problems';
import { TunnelCommand } from '../tunnel-command.ts';

export default class Up extends TunnelCommand {
  static override summary =
    'Open the tunnels that a file names, in the background; what is open already stays as it is.';
  static override examples = [
    'tunnel up',
    'tunnel up -f team.yaml --reason "INC-4312 slow checkout query"',
    'tunnel up --prune --json',
    // The form of the file, on one line.
    `echo 'tunnels: [{name: prod-rds, port: 15432, for: 1h, reason: on call}]' > tunnels.yaml`,
  ];
  static override usage = '[-f FILE]';
  static override flags = {
    file: Flags.string({
      char: 'f',
      description: 'the file (tunnels.yaml)',
      default: 'tunnels.yaml',
      helpValue: 'FILE',
    }),
    for: Flags.string({ description: 'how long to ask for, whatever the file says', helpValue: 'TIME' }),
    reason: Flags.string({ description: 'why, whatever the file says', helpValue: 'TEXT' }),
    ticket: Flags.string({ description: 'number of the work item', helpValue: 'T' }),
    prune: Flags.boolean({ description: 'close those that this file had opened and names no more' }),
    'allow-bind': Flags.boolean({ description: 'allow what the file binds beyond this machine' }),
    foreground: Flags.boolean({ description: 'keep them open here until Ctrl-C' }),
    'no-wait': Flags.boolean({ description: 'without a grant do not wait: ask, then return 8' }),
  };

  async work(): Promise<number> {
    const { flags } = await this.parse(Up);
    const [{ readTunnelsFile }, { confirmBinds, oneWish, upStory }] = await Promise.all([
      import('../stories/tunnels-file.ts'),
      import('../stories/up.ts'),
    ]);
    const file = await readTunnelsFile(flags.file, cwd(), this.world.home);
    const wish = { for: flags.for, reason: flags.reason, ticket: flags.ticket };
    const server = await this.server();
    const asking = { world: this.world, server, printer: this.printer, debug: this.debugLine };
    const allowBind = flags['allow-bind'];
    const wait = !flags['no-wait'];
    if (!flags.foreground) {
      return upStory(asking, { file, wish, allowBind, prune: flags.prune, wait });
    }
    if (flags.prune) throw new Problem('COMMAND_USAGE', { detail: '--prune is for the background.' });
    if (file.tunnels.length === 0)
      throw new Problem('TUNNELS_FILE_INVALID', { detail: 'The file names no tunnel.' });
    await confirmBinds(this.world, file.tunnels, allowBind);
    const { connectStory } = await import('../stories/connect.ts');
    return connectStory(asking, {
      names: file.tunnels.map(({ name }) => name),
      command: undefined,
      at: ({ name }) => placeIn(file.tunnels.find((tunnel) => tunnel.name === name)),
      chosen: false,
      whileDown: 'wait',
      via: undefined,
      socks: undefined,
      metrics: undefined,
      wait,
      wish: {
        ...oneWish(file.tunnels),
        ...Object.fromEntries(Object.entries(wish).filter(([, value]) => value)),
      },
    });
  }
}

interface Spot {
  readonly port: number | null;
  readonly bind: string | null;
  readonly socketPath: string | null;
}

function placeIn({ port, bind, socketPath }: Spot = { port: null, bind: null, socketPath: null }) {
  return socketPath === null
    ? ({ on: 'port', host: bind ?? undefined, port: port ?? undefined } as const)
    : ({ on: 'socket', path: socketPath } as const);
}
