import { expect, it } from 'vitest';
import { manualPage } from './output/manual.ts';
import { commandTable } from './command-table.ts';

it('keeps the commands, flags and usage that scripts rely on', async () => {
  const surface: Record<string, object> = {};
  for (const [id, load] of Object.entries(commandTable)) {
    const command = await load();
    const flags = { ...command.flags, ...command.baseFlags };
    surface[id] = {
      usage: command.usage,
      flags: Object.keys(flags).sort(),
      valued: Object.keys(flags)
        .filter((name) => flags[name]?.type === 'option')
        .sort(),
    };
  }
  await expect(JSON.stringify(surface, undefined, 2) + '\n').toMatchFileSnapshot(
    '../command-surface.snapshot.json',
  );
});

it('has a manual page that is current', async () => {
  await expect(await manualPage()).toMatchFileSnapshot('../man/tunnel.1');
});
