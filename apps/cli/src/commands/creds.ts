import { Args, Flags } from '@oclif/core';
import { Problem } from '@sallyport/problems';
import type { LeasePurpose } from '../stories/credentials.ts';
import { nameArgument, TunnelCommand } from '../tunnel-command.ts';

export default class Creds extends TunnelCommand {
  static override summary =
    'Print short-lived AWS credentials of a grant, in the form the AWS CLI and SDKs ask a credential_process for.';
  static override examples = [
    'tunnel creds prod-rds --print-config >> ~/.aws/config',
    'AWS_PROFILE=prod-rds aws sts get-caller-identity',
    'tunnel creds web-1-shell --purpose command --print-config',
  ];
  static override usage = 'NAME';
  static override args = { name: Args.string(nameArgument) };
  static override flags = {
    'print-config': Flags.boolean({ description: 'print the profile for ~/.aws/config instead; no secret' }),
    purpose: Flags.string({
      description: 'what for, where a resource is for several things: shell, command, interactive',
      options: ['port', 'ssh', 'shell', 'command', 'interactive'],
      helpValue: 'WHAT',
    }),
    kubernetes: Flags.boolean({ description: 'print a cluster token, in the form kubectl asks for' }),
  };

  async work(): Promise<void> {
    const { args, flags } = await this.parse(Creds);
    if (flags.kubernetes && flags['print-config'])
      throw new Problem('COMMAND_USAGE', { detail: '--kubernetes and --print-config exclude each other.' });
    const { awsProfile, clusterCredential, processCredentials } = await import('../stories/credentials.ts');
    const purpose = flags.purpose as LeasePurpose | undefined;
    const server = await this.server();
    if (flags['print-config']) {
      const { profile, text } = await awsProfile(this.world, server, args.name, purpose);
      return this.printer.answer(profile, () => text);
    }
    // One line of JSON in either case: what asks for credentials parses it.
    const answer = flags.kubernetes
      ? await clusterCredential(this.world, server, args.name)
      : await processCredentials(server, args.name, purpose);
    this.printer.out.write(JSON.stringify(answer) + '\n');
  }
}
