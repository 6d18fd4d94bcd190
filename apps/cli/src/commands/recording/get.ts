import { Args, Flags } from '@oclif/core';
import { TunnelCommand } from '../../tunnel-command.ts';

export default class RecordingGet extends TunnelCommand {
  static override summary = 'Fetch the encrypted file of a recorded session; for auditors.';
  static override examples = [
    'tunnel recording get 0b0e7c1e-52f6-4b0a-9a58-0d2c1f1a7c10',
    'tunnel recording get 0b0e7c1e-52f6-4b0a-9a58-0d2c1f1a7c10 --output monday.cast.age',
    'tunnel recording play 0b0e7c1e-52f6-4b0a-9a58-0d2c1f1a7c10.cast.age --identity auditors-key.txt',
  ];
  static override description =
    'That it was opened goes into the audit log. The file is compared with the digest that was recorded when it came.';
  static override usage = 'ID [--output FILE]';
  static override args = {
    id: Args.string({ description: 'id of the recording', required: true, ignoreStdin: true }),
  };
  static override flags = {
    output: Flags.string({ char: 'o', description: 'where it goes; default ID.cast.age', helpValue: 'FILE' }),
  };

  async work(): Promise<void> {
    const { args, flags } = await this.parse(RecordingGet);
    const { fetchStored } = await import('../../recording/stored.ts');
    const { recording, path } = await fetchStored(await this.server(), args.id, flags.output);
    this.printer.answer({ ...recording, file: path }, () => path);
    if (!this.printer.json)
      this.printer.say(`Replay it with: tunnel recording play ${path} --identity KEYFILE`);
  }
}
