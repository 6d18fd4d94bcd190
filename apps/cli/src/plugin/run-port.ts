import { join } from 'node:path';
import {
  systemWake,
  Tunnel,
  type FirstWord,
  type ListenWish,
  type TunnelEnd,
  type TunnelEvents,
} from '@sallyport/connect';
import { Problem } from '@sallyport/problems';
import { noDebug } from '../output/debug.ts';
import type { Begun } from './begun.ts';
import { linesOf, pluginVersion } from './lines.ts';
import { brokenOutcome, type Outcome } from './outcome.ts';
import { StandardStreams } from './standard-streams.ts';

type PortWord = Extract<FirstWord, { is: 'port' }>;

/** Carries a port session until it ends: on a local port, a socket file, or (documents without a type, as for SSH) standard input and output. */
export async function runPort(begun: Begun, word: PortWord, signal: AbortSignal): Promise<Outcome> {
  const { world, order, rules, session, held } = begun;
  const { output, effects } = world;
  const lines = linesOf(order.response.sessionId);
  const say = (line: string) => void output.write(line);
  let accepted = false;
  const accept = () => {
    if (!accepted) say(word.mode === 'mux' ? lines.accepted : lines.acceptedAlone);
    accepted = true;
    return true;
  };
  const events: TunnelEvents = {
    reconnecting: () => session.lost(),
    recovered: () => session.recovered(),
    destinationRefused: () => say(lines.destinationRefused),
  };
  const tunnel = await Tunnel.open(
    {
      ...{ grantId: '', clientVersion: pluginVersion, rules, pool: { sessionsMax: 1 }, admit: accept },
      listen: listenWish(begun, word),
    },
    {
      ...{ controlPlane: session.controlPlane, ssm: session.ssm, transport: held.transport },
      ...{ effects, debug: noDebug, onWake: systemWake(effects) },
    },
    events,
    signal,
  );
  const close = () => void tunnel.close();
  signal.addEventListener('abort', close, { once: true });
  if (signal.aborted) close();
  if (word.mode === 'standard-stream') carryStandardStreams(begun, tunnel);
  else {
    say(tunnel.socketPath === null ? lines.portOpened(tunnel.port) : lines.socketOpened(tunnel.socketPath));
    if (word.mode === 'mux') say(lines.waiting);
  }
  return outcomeOf(begun, await tunnel.ended);
}

function listenWish({ world, order }: Begun, { mode, properties }: PortWord): ListenWish {
  if (mode === 'standard-stream') return { on: 'nothing' };
  if (properties['localConnectionType'] === 'socket') {
    const name = `session-manager-plugin-${order.response.sessionId}.sock`;
    return { on: 'socket', path: properties['localUnixSocket'] || join(world.temporary, name) };
  }
  const text = properties['localPortNumber'] || '0';
  const port = /^\d{1,5}$/u.test(text) ? Number(text) : -1;
  if (port < 0 || port > 65_535)
    throw new Problem('LOCAL_PORT_INVALID', { detail: 'The document names a local port that is none.' });
  return { on: 'ports', ports: [port] };
}

function carryStandardStreams({ world }: Begun, tunnel: Tunnel): void {
  const streams = new StandardStreams(world.input, world.output);
  streams.once('close', () => void tunnel.close());
  tunnel.carry(streams);
}

function outcomeOf({ held, order }: Begun, { problem }: TunnelEnd): Outcome {
  const lines = linesOf(order.response.sessionId);
  const { closedOutput } = held;
  // A port is forwarded without a word: what is said is why it is no longer.
  if (closedOutput !== undefined)
    return { line: lines.ended(closedOutput), exitCode: closedOutput === '' ? 0 : 1, problem: null };
  return problem === null ? { line: '', exitCode: 0, problem } : brokenOutcome(lines, problem);
}
