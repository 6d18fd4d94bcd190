import type { TunnelEvent, TunnelReport } from '../stories/tunnel-event.ts';
import type { Printer } from './printer.ts';
import { harmlessJson } from './text.ts';
import { tunnelLine } from './tunnel-lines.ts';

/** Tells events as lines of talk: a finished step with its time, everything else as it is. On a terminal the line of a step gives way to the next. */
export function talk(printer: Printer): TunnelReport {
  return (event) => {
    const line = tunnelLine(event);
    if (line === undefined) return;
    if (event.event !== 'progress') return printer.say(line);
    if (event.step === 'ready') printer.done(line, event.elapsedMs);
    else printer.step(line, event.elapsedMs);
  };
}

/**
 * Tells events as one JSON object per line on standard output, from the first `open` on; what comes before is talk, so that the first lines of the stream are the open
 * tunnels and a script may read just those.
 */
export function stream(printer: Printer, tunnels: number): TunnelReport {
  const say = talk(printer);
  const held: TunnelEvent[] = [];
  let open = 0;
  const write = (event: TunnelEvent) => printer.out.write(harmlessJson(event) + '\n');
  return (event) => {
    if (event.event === 'open') {
      write(event);
      open++;
      if (open === tunnels) for (const waiting of held.splice(0)) write(waiting);
    } else if (open === tunnels) write(event);
    else if (event.event === 'progress' || event.event === 'port-chosen') say(event);
    // Something that befalls one tunnel while the next is being opened: kept until all are.
    else held.push(event);
  };
}
