import { Args, Flags } from '@oclif/core';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

export default class Show extends TunnelCommand {
  static override summary =
    'Show one resource: where it lives, who may use it, what is recorded, and what you have.';
  static override examples = [
    'tunnel show prod-rds',
    'tunnel show prod-rds --policy',
    'tunnel show prod-web --json',
  ];
  static override usage = 'NAME';
  static override args = { name: Args.string(nameArgument) };
  static override flags = {
    policy: Flags.boolean({
      description: 'the session policy and the documents of a grant of it, as its reviewers are shown them',
    }),
  };

  async work(): Promise<void> {
    const { args, flags } = await this.parse(Show);
    const { readResource, resourceText } = await import('../stories/resources.ts');
    const { reachedLines } = await import('../output/reached.ts');
    const server = await this.server();
    const resource = await readResource(server, args.name);
    if (flags.policy) {
      const { sessionPolicyText } = await import('../output/session-policy.ts');
      const shown = await server.api.readSessionPolicy(args.name);
      return this.printer.answer({ ...shown, id: resource.id, state: resource.mine.state }, () =>
        sessionPolicyText(shown, this.printer.paint),
      );
    }
    const reaches = reachedLines(resource);
    this.printer.answer({ ...resource, state: resource.mine.state, reaches }, () =>
      resourceText(
        resource,
        this.world.effects.clock.now(),
        this.printer.paint,
        this.printer.out.isTTY ? (this.printer.out.columns ?? 80) : undefined,
      ),
    );
  }
}
