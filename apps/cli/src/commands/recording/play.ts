import { Args, Flags } from '@oclif/core';
import { TunnelCommand } from '../../tunnel-command.ts';

export default class RecordingPlay extends TunnelCommand {
  static override summary = 'Show a recorded session as it was; for auditors.';
  static override examples = [
    'tunnel recording play 0b0e7c1e.cast.age',
    'tunnel recording play 0b0e7c1e.cast.age --identity auditors-key.txt --speed 4',
    'tunnel recording play 0b0e7c1e.cast.age > shown.txt',
  ];
  static override description =
    'Decrypted here, with the private key of the auditors; nothing is sent. Space pauses, + and - change the speed, q ends. At a terminal, what would do more than show (write to its clipboard, ask it for answers, name its window) is left out. Where the output is no terminal it is written at once, byte for byte. With --json it is gone through and described, not shown.';
  static override usage = 'FILE [--identity KEYFILE]';
  static override args = {
    file: Args.string({ description: 'the encrypted recording', required: true, ignoreStdin: true }),
  };
  static override flags = {
    identity: Flags.string({
      char: 'i',
      description: 'file of the private key; - reads standard input',
      helpValue: 'KEYFILE',
    }),
    speed: Flags.string({ description: 'how many times as fast: 0.5, 4', helpValue: 'N' }),
    pause: Flags.string({ description: 'longest pause, in seconds', default: '5', helpValue: 'N' }),
  };

  async work(): Promise<void> {
    const { args, flags } = await this.parse(RecordingPlay);
    const { ending, factsOf, openFile, playRecording } = await import('../../recording/play.ts');
    const { identitiesOf } = await import('../../recording/identity.ts');
    const { factor } = await import('../../recording/factor.ts');
    const wish = {
      speed: flags.speed === undefined ? undefined : factor('--speed', flags.speed),
      pause: factor('--pause', flags.pause),
    };
    const recording = await openFile(args.file, await identitiesOf(this.world, flags.identity));
    if (this.printer.json) return this.printer.object(await factsOf(args.file, recording));
    this.printer.say(ending(await playRecording(this, args.file, recording, wish)));
  }
}
