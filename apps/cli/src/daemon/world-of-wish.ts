import { Problem } from '@sallyport/problems';
import { Printer } from '../output/printer.ts';
import type { World } from '../world.ts';
import { settingNames, type BackgroundWish } from './wish.ts';

/**
 * The world as the terminal of a wish has it: its settings, its ear as long as it listens, and nobody to ask. `settle` ends the listening: the
 * tunnel is open, and what happens later is for the log.
 */
export function worldOfWish(
  world: World,
  { settings }: BackgroundWish,
  tell: (text: string) => void,
): { world: World; printer: Printer; settle(): void } {
  let listening = true;
  const ear = { isTTY: false, columns: undefined, write: (text: string) => void (listening && tell(text)) };
  const others = Object.entries(world.env).filter(
    ([name]) => !(settingNames as readonly string[]).includes(name),
  );
  const given: World = {
    ...world,
    env: { ...Object.fromEntries(others), ...settings },
    stdin: { isTTY: false, readAll: async () => '' },
    stdout: ear,
    stderr: ear,
    prompts: () => Promise.reject(new Problem('TERMINAL_REQUIRED')),
    promptsBeside: async () => undefined,
    // Signals are for the process, which closes its tunnels itself.
    onSignal: () => () => undefined,
  };
  return { world: given, printer: new Printer(given, false), settle: () => void (listening = false) };
}
