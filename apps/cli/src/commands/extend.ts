import { Args, Flags } from '@oclif/core';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

export default class Extend extends TunnelCommand {
  static override summary = 'Ask for more time on a grant you hold; tunnels that are open go on.';
  static override examples = [
    'tunnel extend prod-rds 30m',
    'tunnel extend prod-rds 1h --reason "the backfill needs another hour"',
    'tunnel extend prod-rds 30m --no-wait --json',
  ];
  static override usage = 'NAME TIME';
  static override args = {
    name: Args.string(nameArgument),
    time: Args.string({ description: 'how much longer: 30m, 1h, 1h30m', required: true }),
  };
  static override flags = {
    reason: Flags.string({ description: 'why; by default the reason of the grant', helpValue: 'TEXT' }),
    ticket: Flags.string({ description: 'number of the work item', helpValue: 'T' }),
    'no-wait': Flags.boolean({ description: 'return as soon as the request is recorded' }),
  };

  async work(): Promise<void> {
    const { args, flags } = await this.parse(Extend);
    const { askForMore, heldGrant } = await import('../stories/extend.ts');
    const { readGrant } = await import('../stories/grants.ts');
    const { approvedOrProblem, waitingFor } = await import('../stories/requests.ts');
    const { awaitDecision } = await import('../stories/await-decision.ts');
    const { parseDuration, sayClock, sayDuration } = await import('../output/duration.ts');
    const { clean } = await import('../output/text.ts');
    const durationSeconds = parseDuration(args.time);
    const server = await this.server();
    const held = await heldGrant(server, args.name);
    const { reason, ticket } = flags;
    const request = await askForMore(server, held, { durationSeconds, reason, ticket });
    const name = clean(held.resource.name);
    if (!this.printer.json)
      this.printer.done(`asked to extend ${name} by ${sayDuration(durationSeconds)} (${request.id})`);
    const waiting = { world: this.world, server, printer: this.printer, debug: this.debugLine };
    const wait = !flags['no-wait'] && request.state === 'pending';
    const decided = wait ? await awaitDecision(waiting, request) : request;
    if (decided.state !== 'pending') approvedOrProblem(decided);
    const { id: grantId, endsAt } = await readGrant(server, held.id);
    if (this.printer.json) {
      this.printer.object({ ...decided, grantId, endsAt });
      return;
    }
    this.printer.data(decided.id);
    const left = sayClock((Date.parse(endsAt) - this.world.effects.clock.now()) / 1000);
    this.printer.say(
      decided.state === 'pending'
        ? `It waits for ${waitingFor(decided)}; ${name} ends in ${left} until then.`
        : `${name} ends in ${left} now; open tunnels go on.`,
    );
  }
}
