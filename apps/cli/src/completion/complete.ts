import surface from '../../command-surface.snapshot.json' with { type: 'json' };
import { noDebug } from '../output/debug.ts';
import type { World } from '../world.ts';
import { candidates, noWords, wanted } from './candidates.ts';

/**
 * The hidden `tunnel complete -- WORDS...` that completion scripts call: one candidate per line for the last word. It loads neither oclif nor a command, and always
 * ends with 0.
 */
export async function complete(argv: readonly string[], world: World): Promise<number> {
  const start = argv.indexOf('--');
  const typed = start < 0 ? [''] : argv.slice(start + 1);
  const known = wanted(typed, surface) === 'nothing' ? noWords : await fromServer(world);
  for (const word of candidates(typed, surface, known)) world.stdout.write(word + '\n');
  return 0;
}

async function fromServer(world: World) {
  try {
    const [{ serverAddress }, { readSignIn }, { serverAt }, { knownWords }] = await Promise.all([
      import('../settings/server-address.ts'),
      import('../settings/token-file.ts'),
      import('../server/server.ts'),
      import('./known-words.ts'),
    ]);
    const address = serverAddress(world.env);
    const signIn = await readSignIn(world, address);
    const { version } = world;
    return await knownWords(
      world,
      signIn && serverAt({ address, token: signIn.token, version, debug: noDebug }),
    );
  } catch {
    // A wrong setting shows with the next real command; here it would spoil the line being typed.
    return noWords;
  }
}
