import type { Debug } from '../output/debug.ts';
import type { Printer } from '../output/printer.ts';
import type { AccessRequest } from '@sallyport/api-client';
import { LiveChannel } from '../server/live-channel.ts';
import type { Server } from '../server/server.ts';
import { Interrupted, type World } from '../world.ts';
import { approvedOrProblem, readRequest, waitingFor } from './requests.ts';
import { useLine, useLineOf } from './usage.ts';

export interface Waiting {
  readonly world: World;
  readonly server: Server;
  readonly printer: Printer;
  readonly debug: Debug;
}

const pollMs = 15_000;

/**
 * Waits until the request is decided. Live hints wake it at once, a poll stands behind them. Refuses with
 * REQUEST_DENIED, REQUEST_LAPSED or REQUEST_WITHDRAWN; Ctrl-C leaves the request pending ({@link Interrupted}).
 */
export async function awaitDecision(waiting: Waiting, request: AccessRequest): Promise<AccessRequest> {
  const { world, server, printer, debug } = waiting;
  const start = world.effects.clock.monotonic();
  printer.say(`waiting for ${waitingFor(request)} ...`);
  const interrupted = new AbortController();
  const [first] = request.items;
  let goOn = first ? useLine(first.resource) : 'tunnel requests';
  const stop = world.onSignal(() =>
    interrupted.abort(
      new Interrupted(
        `${goOn}   (the request ${request.id} stays; withdraw it: tunnel cancel ${request.id})`,
      ),
    ),
  );
  const live = new LiveChannel({ server, effects: world.effects, debug });
  try {
    if (first) goOn = await useLineOf(server, first.resource, interrupted.signal);
    let now = request;
    let away = false;
    while (now.state === 'pending') {
      // A hint that came before we listened is covered by `hello`, which every new connection begins with.
      await live.changed(
        (hint) => hint.topic === 'hello' || hint.id === request.id,
        pollMs,
        interrupted.signal,
      );
      try {
        now = await readRequest(server, request.id, interrupted.signal);
        away = false;
      } catch (error) {
        // Away for a while (a restart here, sleep there) is no answer: the request stands, and so does the question.
        if ((error as { kind?: unknown }).kind !== 'unavailable') throw error;
        if (!away) printer.say('the control plane does not answer; the request stands, asking again ...');
        away = true;
      }
    }
    approvedOrProblem(now);
    const by = now.reviews.at(-1);
    printer.done(
      `approved ${by?.reviewer ? `by ${by.reviewer.email}` : 'by policy'}`,
      world.effects.clock.monotonic() - start,
    );
    return now;
  } finally {
    stop();
    live.close();
  }
}
