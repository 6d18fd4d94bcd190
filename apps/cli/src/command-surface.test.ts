import { expect, it } from 'vitest';
import { commandTable } from './command-table.ts';

it('keeps the commands, flags and usage that scripts rely on', async () => {
  const surface: Record<string, object> = {};
  for (const [id, load] of Object.entries(commandTable)) {
    const command = await load();
    surface[id] = {
      usage: command.usage,
      flags: Object.keys({ ...command.flags, ...command.baseFlags }).sort(),
    };
  }
  await expect(JSON.stringify(surface, undefined, 2) + '\n').toMatchFileSnapshot(
    '../command-surface.snapshot.json',
  );
});
