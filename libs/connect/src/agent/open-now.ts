import type { Duplex } from 'node:stream';
import type { ClientLink } from '@sallyport/agent-protocol';
import { Problem } from '@sallyport/problems';
import type { Destination, OpeningNow, OpenTold } from '@sallyport/tunnel';
import { StreamDuplex } from './stream-duplex.ts';

/**
 * Asks the agent for a conversation before it returns; what refuses it at once is thrown. `again` asks once more, with waiting, when the agent forgot the link before
 * it answered; without it that is a refusal.
 */
export function openNow(
  link: ClientLink,
  to: Destination,
  told: OpenTold,
  again: ((signal: AbortSignal) => Promise<Duplex>) | undefined,
): OpeningNow {
  let made: StreamDuplex | undefined;
  // Made while the agent dials, or when a carrier in this process has answered already.
  const duplex = () => (made ??= new StreamDuplex(stream));
  let waiting: AbortController | undefined;
  let opened = false;
  let abandoned = false;
  const askAgain = (ask: NonNullable<typeof again>) => {
    waiting = new AbortController();
    ask(waiting.signal).then(
      (found) => (abandoned ? void found.destroy() : told.opened(found)),
      (error: unknown) => {
        if (!abandoned) told.failed(error);
      },
    );
  };
  const stream = link.openTcp(
    { host: to.address, port: to.port },
    {
      opened: () => {
        opened = true;
        if (!abandoned) told.opened(duplex());
      },
      data: (bytes) => duplex().events.data(bytes),
      end: () => duplex().events.end(),
      writable: () => duplex().events.writable(),
      reset: (code) => {
        if (opened) return duplex().events.reset(code);
        if (abandoned) return;
        // The agent forgot us before it had heard of this conversation, or while it dialled: nothing was said yet.
        if (code === 'REACH_DOWN' && again !== undefined) askAgain(again);
        else told.failed(new Problem(code));
      },
    },
  );
  link.flush();
  duplex();
  return {
    abandon: () => {
      abandoned = true;
      duplex().destroy();
      waiting?.abort();
    },
  };
}
