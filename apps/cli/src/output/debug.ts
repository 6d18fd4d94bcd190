import { clean } from './text.ts';

export type DebugFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * `--debug` on standard error: the name of what happened and a few classified fields. Addresses lose their query,
 * bodies, headers, tokens and keys are never handed in.
 */
export type Debug = (happening: string, fields?: DebugFields) => void;

export const noDebug: Debug = () => undefined;

export function lineDebug(write: (line: string) => void, elapsedMs: () => number): Debug {
  return (happening, fields = {}) => {
    const told = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => ` ${name}=${clean(String(value))}`);
    write(`debug ${(elapsedMs() / 1000).toFixed(3)} ${happening}${told.join('')}\n`);
  };
}
