import { Flags } from '@oclif/core';
import { clean } from '../../output/text.ts';
import { TunnelCommand } from '../../tunnel-command.ts';

export default class HelperInstall extends TunnelCommand {
  static override summary =
    'Install the privileged helper, once and as root: it makes routes for granted networks and nothing else.';
  static override examples = [
    'sudo tunnel helper install',
    'sudo TUNNEL_SERVER=https://sallyport.example.com tunnel helper install',
    'sudo tunnel helper install --trust SHA256:4tq0... --json',
  ];
  static override flags = {
    trust: Flags.string({
      description: 'fingerprint of the control plane’s key, from an administrator; for each key once',
      multiple: true,
      helpValue: 'SHA256:...',
    }),
    prefix: Flags.string({ description: 'install below this folder', helpValue: 'DIR' }),
    root: Flags.string({ description: 'another root of the file system, for images', helpValue: 'DIR' }),
    'no-service': Flags.boolean({ description: 'without a service of the system' }),
  };

  async work(): Promise<void> {
    const { flags } = await this.parse(HelperInstall);
    const [{ installHelper, requireRoot }, { serverAddress }] = await Promise.all([
      import('../../stories/helper.ts'),
      import('../../settings/server-address.ts'),
    ]);
    requireRoot(this.world, 'helper install');
    // The keys are public, and root is signed in nowhere.
    const server = await this.serverAs(serverAddress(this.world.env), undefined);
    const { trust = [], prefix, root } = flags;
    const installed = await installHelper(this.world, server, {
      ...{ trust, prefix, root },
      service: !flags['no-service'],
    });
    const { program, service, socket, started, sha256, keys, command, trouble } = installed;
    const { issuer, fingerprints } = keys;
    const answer = { id: 'helper', state: started ? 'running' : 'installed' };
    this.printer.answer(
      { ...answer, program, service, socket, sha256, issuer, fingerprints, command },
      () => program,
    );
    if (this.printer.json) return;
    this.printer.done(`the helper is installed and believes ${issuer} (${fingerprints.join(', ')})`);
    if (trouble !== undefined) this.printer.say(`its service did not start: ${clean(trouble)}`);
    this.printer.say(
      started
        ? `it runs as ${service ?? 'a service'}; try: tunnel connect prod-vpc`
        : `no service runs it here; start it by hand, as root: ${command.map(clean).join(' ')}`,
    );
  }
}
