import { readdir } from 'node:fs/promises';
import { generateKey } from '@sallyport/recording';
import { expect } from 'vitest';
import { recordingsFolder } from '../src/recording/any-recording.ts';
import { ShellRecorder } from '../src/recording/session-recorder.ts';
import { allHeads, writeHead } from '../src/recording/spool.ts';
import type { World } from '../src/world.ts';

/** What a left recording shows. */
export const leftCanary = 'PGPASSWORD=correct-horse';
/** No process has this number. */
const nobody = 2 ** 22 + 1;

const begun: ShellRecorder[] = [];

/** Lets go of the files; before the person leaves. */
export async function endLeftRecordings(): Promise<void> {
  for (const recorder of begun.splice(0)) await recorder.finish();
}

/** A recorded session of `grt_1`, as its process left it when it was killed; its id. */
export async function leftRecording(world: World, server: string, recipient?: string): Promise<string> {
  const recorder = new ShellRecorder(
    world,
    { server, grantId: 'grt_1', name: 'web-1-shell', size: { cols: 100, rows: 30 } },
    { began: () => undefined, failed: () => undefined, idle: () => undefined },
  );
  await recorder.begin([recipient ?? (await generateKey()).recipient]);
  begun.push(recorder);
  recorder.opened('ses_1');
  recorder.output(Buffer.from(leftCanary));
  await expect.poll(async () => (await readdir(recordingsFolder(world))).join(' ')).toMatch(/\.0\.tail/);
  await expect.poll(async () => (await allHeads(world))[0]?.sessionId).toBe('ses_1');
  const [head] = await allHeads(world);
  if (!head) throw new Error('nothing was recorded');
  await writeHead(world, { ...head, pid: nobody, processStart: null });
  return head.id;
}
