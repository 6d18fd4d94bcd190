import { cwd } from 'node:process';
import { Args, Flags } from '@oclif/core';
import { Problem } from '@sallyport/problems';
import type { Via } from '../network/facts.ts';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

/** The port of SOCKS (RFC 1928), when `--socks` names none. */
const usualSocksPort = '1080';

export default class Connect extends TunnelCommand {
  static override summary =
    'Open resources on this machine: ask for them if need be, wait for the answer, connect.';
  static override examples = [
    'tunnel connect prod-rds',
    'tunnel connect prod-rds --for 1h --reason "INC-4312 slow checkout query" -- psql -c "select count(*) from orders"',
    'tunnel connect prod-rds prod-web -- sh -c \'psql -f report.sql && curl "$TUNNEL_PROD_WEB_URL"\'',
    'tunnel connect prod-web --socks -- curl http://prod-web:8080/',
    'tunnel connect prod-rds --socket ~/.pg/ -- psql',
    'tunnel connect prod-vpc -- curl http://10.0.2.60:8080/',
    'tunnel connect prod-rds --via tun',
    'tunnel connect prod-rds --json --metrics 127.0.0.1:9464',
  ];
  static override usage = 'NAME... [-- CMD ...]';
  static override strict = false;
  static override args = { name: Args.string(nameArgument) };
  static override flags = {
    for: Flags.string({ description: 'how long to ask for: 30m, 1h, 1h30m', helpValue: 'TIME' }),
    reason: Flags.string({ description: 'why, when it has to be asked for', helpValue: 'TEXT' }),
    ticket: Flags.string({ description: 'number of the work item', helpValue: 'T' }),
    port: Flags.integer({ description: 'local port; 0 for any free one', helpValue: 'N' }),
    bind: Flags.string({
      description: 'listen on this address; one that others reach has to be confirmed',
      helpValue: 'ADDR',
    }),
    socket: Flags.string({
      description: 'listen on a Unix socket (0600) instead; in a folder it is named as clients expect',
      helpValue: 'PATH',
    }),
    socks: Flags.integer({
      description: 'one SOCKS5 listener on 127.0.0.1 for all of them instead; port 1080 when none is named',
      helpValue: '[PORT]',
    }),
    via: Flags.string({
      description:
        'tun (device and routes; for networks where the helper is), filter (nftables, pf) or port (no privilege)',
      options: ['tun', 'filter', 'port'],
      helpValue: 'tun|filter|port',
    }),
    metrics: Flags.string({ description: 'serve figures to Prometheus there', helpValue: '127.0.0.1:9464' }),
    'while-down': Flags.string({
      description: 'new connections while the tunnel gets back: wait (default) or refuse',
      options: ['wait', 'refuse'],
      default: 'wait',
      helpValue: 'wait|refuse',
    }),
    background: Flags.boolean({
      description: 'keep it open in the background; return when the port is ready',
    }),
    yes: Flags.boolean({ description: 'confirm --bind where nobody can be asked' }),
    'no-wait': Flags.boolean({ description: 'without a grant do not wait: ask, then return 8' }),
  };

  async work(): Promise<number> {
    const end = this.argv.indexOf('--');
    const command = end < 0 ? undefined : this.argv.slice(end + 1);
    this.argv = withSocksPort(end < 0 ? this.argv : this.argv.slice(0, end));
    const { argv, flags } = await this.parse(Connect);
    const names = [...new Set(argv as string[])];
    if (command?.length === 0)
      throw new Problem('COMMAND_USAGE', { detail: 'After -- comes the program to run.' });
    refuseContradictions(names, flags);
    const server = await this.server();
    const [{ connectStory }, { confirmedBind, socketPath }, { metricsAddress }] = await Promise.all([
      import('../stories/connect.ts'),
      import('../stories/listen-where.ts'),
      import('../metrics/endpoint.ts'),
    ]);
    const confirm = (address: string) => confirmedBind(this.world, address, names, flags.yes);
    const metrics = flags.metrics === undefined ? undefined : metricsAddress(flags.metrics);
    const host = flags.bind === undefined ? undefined : await confirm(flags.bind);
    if (metrics && metrics.host !== host) await confirm(metrics.host);
    const { port, socket, socks } = flags;
    const via = (flags.via as Via | undefined) ?? null;
    const wish = { for: flags.for, reason: flags.reason, ticket: flags.ticket };
    if (flags.background) {
      if (command || metrics || socks !== undefined || flags['while-down'] === 'refuse')
        throw new Problem('COMMAND_USAGE', {
          detail:
            'A program, --socks, --metrics and --while-down belong to the foreground: leave out --background.',
        });
      const { backgroundStory } = await import('../stories/background.ts');
      const { readResource } = await import('../stories/resources.ts');
      const path =
        socket === undefined
          ? null
          : await socketPath(socket, await readResource(server, names[0] ?? ''), cwd());
      return backgroundStory(
        { world: this.world, server, printer: this.printer, debug: this.debugLine },
        names.map((name) => ({
          name,
          port: port ?? null,
          bind: host ?? null,
          socketPath: path,
          via,
          source: null,
        })),
        wish,
        !flags['no-wait'],
      );
    }
    return connectStory(
      { world: this.world, server, printer: this.printer, debug: this.debugLine },
      {
        names,
        command,
        at: async (resource) =>
          socket === undefined
            ? { on: 'port', host, port }
            : { on: 'socket', path: await socketPath(socket, resource, cwd()) },
        chosen: port !== undefined || socket !== undefined,
        via: via ?? undefined,
        whileDown: flags['while-down'] === 'refuse' ? 'refuse' : 'wait',
        socks,
        metrics,
        wait: !flags['no-wait'],
        wish,
      },
    );
  }
}

interface PlaceFlags {
  readonly via?: string;
  readonly port?: number;
  readonly bind?: string;
  readonly socket?: string;
  readonly socks?: number;
}

function refuseContradictions(
  names: readonly string[],
  { port, bind, socket, socks, via }: PlaceFlags,
): void {
  const usage = (detail: string) => new Problem('COMMAND_USAGE', { detail });
  for (const chosen of [port, socks])
    if (chosen !== undefined && (chosen < 0 || chosen > 65_535))
      throw new Problem('LOCAL_PORT_INVALID', { detail: `${chosen} is not a port number.` });
  if (names.length > 1 && (port !== undefined || socket !== undefined))
    throw usage('Several resources at once take neither --port nor --socket: each has a port of its own.');
  if (socket !== undefined && (port !== undefined || bind !== undefined))
    throw usage('--socket takes the place of --port and --bind.');
  if (socks !== undefined && (port !== undefined || bind !== undefined || socket !== undefined))
    throw usage('--socks listens on 127.0.0.1 alone, in place of --port, --bind and --socket.');
  if (socks !== undefined && via !== undefined && via !== 'port')
    throw usage('--socks takes the place of a device: leave out --via.');
}

/** `--socks` may stand alone, which the parser does not know. */
function withSocksPort(argv: readonly string[]): string[] {
  return argv.flatMap((word, at) =>
    word === '--socks' && !/^\d+$/u.test(argv[at + 1] ?? '') ? [word, usualSocksPort] : [word],
  );
}
