import { Flags } from '@oclif/core';
import { TunnelCommand } from '../../tunnel-command.ts';

export default class RecordingKeygen extends TunnelCommand {
  static override summary = "Make the auditors' key: recordings are encrypted to its public half.";
  static override examples = [
    'tunnel recording keygen',
    'tunnel recording keygen --output auditors-key.txt',
    'tunnel recording keygen --output /media/stick/auditors-key.txt --json',
  ];
  static override description =
    'The public half is printed; it belongs into the catalogue as auditorsKey. The private half is written to a new file of mode 0600 and nowhere else: without it no recording can be read.';
  static override flags = {
    output: Flags.string({ char: 'o', description: 'where the private half goes', helpValue: 'FILE' }),
  };

  async work(): Promise<void> {
    const { flags } = await this.parse(RecordingKeygen);
    const { makeIdentity } = await import('../../recording/identity.ts');
    const { recipient, path } = await makeIdentity(this.world, flags.output);
    this.printer.answer({ id: recipient, state: 'made', identityFile: path }, () => recipient);
    if (!this.printer.json)
      this.printer.say(`The private half is in ${path}: keep it, and a copy in a safe place.`);
  }
}
