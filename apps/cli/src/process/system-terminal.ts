import { spawnSync } from 'node:child_process';
import type { Terminal } from '../world.ts';

/** The terminal of this process, when both standard input and standard output are one. */
export function systemTerminal(): Terminal | undefined {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) return undefined;
  return {
    get size() {
      // A terminal that does not tell (a serial line) has no width of 0.
      return { cols: stdout.columns || 80, rows: stdout.rows || 24 };
    },
    raw: () => {
      const restore = () => {
        stdin.setRawMode(false);
      };
      stdin.setRawMode(true);
      // Node leaves the translation of line feeds on: a program that draws with a bare line feed would find its column lost. Going back undoes this too.
      spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
      // Whatever ends the process, the person gets the terminal back as it was.
      process.on('exit', restore);
      return () => {
        process.off('exit', restore);
        restore();
      };
    },
    onResize: (listener) => {
      stdout.on('resize', listener);
      return () => void stdout.off('resize', listener);
    },
  };
}
