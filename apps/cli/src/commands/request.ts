import { Args, Flags } from '@oclif/core';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

export default class Request extends TunnelCommand {
  static override summary = 'Ask for one or more resources, and wait for the answer.';
  static override examples = [
    'tunnel request prod-rds --for 1h --reason "INC-4312 slow checkout query"',
    'tunnel request prod-rds prod-web --for 30m --reason "release check" --no-wait',
    'tunnel request prod-rds --for 2h --reason "migration" --ticket OPS-17 --json',
  ];
  static override usage = 'NAME...';
  static override strict = false;
  static override args = { name: Args.string(nameArgument) };
  static override flags = {
    for: Flags.string({
      description: 'how long: 30m, 1h, 1h30m; the policy says how long at most',
      helpValue: 'TIME',
    }),
    reason: Flags.string({ description: 'why; reviewers and auditors read it', helpValue: 'TEXT' }),
    ticket: Flags.string({ description: 'number of the work item', helpValue: 'T' }),
    start: Flags.string({ description: 'not before this time (ISO 8601)', helpValue: 'TIME' }),
    'no-wait': Flags.boolean({ description: 'return as soon as the request is recorded' }),
  };

  async work(): Promise<void> {
    const { argv, flags } = await this.parse(Request);
    const { askFor } = await import('../stories/ask-for.ts');
    const { approvedOrProblem, waitingFor } = await import('../stories/requests.ts');
    const { awaitDecision } = await import('../stories/await-decision.ts');
    const { useLineOf } = await import('../stories/usage.ts');
    const { sayDuration } = await import('../output/duration.ts');
    const server = await this.server();
    await this.refreshHosts(server);
    const names = [...new Set(argv as string[])];
    const wish = { for: flags.for, reason: flags.reason, ticket: flags.ticket, start: flags.start };
    const request = await askFor({ world: this.world, server, printer: this.printer }, names, wish);
    const asked = `asked for ${names.join(', ')} for ${sayDuration(request.durationSeconds)} (${request.id})`;
    if (!this.printer.json) this.printer.done(asked);
    const decided =
      flags['no-wait'] || request.state !== 'pending'
        ? request
        : await awaitDecision(
            { world: this.world, server, printer: this.printer, debug: this.debugLine },
            request,
          );
    if (decided.state !== 'pending') approvedOrProblem(decided);
    this.printer.answer(decided, () => decided.id);
    if (this.printer.json) return;
    const [first] = decided.items;
    const line = first ? await useLineOf(server, first.resource) : 'tunnel requests';
    if (decided.state === 'pending')
      this.printer.say(`It waits for ${waitingFor(decided)}. Go on with: ${line}`);
    else this.printer.say(`Use it: ${line}`);
  }
}
