import type { LossReason, ProgressStep } from '@sallyport/connect';
import type { TunnelEvent } from '../stories/tunnel-event.ts';
import { sayDuration } from './duration.ts';
import { clean } from './text.ts';

const steps: Readonly<Record<ProgressStep, string>> = {
  port: 'a place to listen',
  lease: 'a lease of AWS credentials',
  session: 'the session is on record',
  channel: 'the session at AWS',
  ready: 'connected',
};

const losses: Readonly<Record<LossReason, string>> = {
  service_close: 'AWS closed the connection',
  broken: 'the connection broke',
  peer_dead: 'the other side fell silent',
  woke: 'this machine slept',
  network_changed: 'the network changed',
  agent_dead: 'the agent on the gateway stopped answering',
  session_ended: 'the session ended',
};

/** An event as a line for a person, without its elapsed time; undefined for what other lines tell better. */
export function tunnelLine(event: TunnelEvent): string | undefined {
  const name = clean(event.name);
  switch (event.event) {
    case 'progress':
      return event.step === 'ready' ? `connected to ${name}` : `${name}: ${steps[event.step] ?? event.step}`;
    case 'port-chosen':
      return `${name}: port ${event.wanted} is taken by another program, ${event.port} is used instead (choose with --port)`;
    case 'warning':
      return `${name}: ${sayDuration(event.secondsLeft)} left. Need it longer? ${event.extend}`;
    case 'reconnecting':
      return `${name}: ${losses[event.reason] ?? 'the connection was lost'}, getting it back ...`;
    case 'obstacle':
      return `${name}: not back yet (${clean(event.code)}), trying on`;
    case 'recovered':
      return event.how === 'resumed'
        ? `${name}: back after ${seconds(event.afterMs)}, open connections live on`
        : `${name}: back after ${seconds(event.afterMs)} in a new session`;
    case 'gateway-changed':
      return `${name}: goes by gateway ${clean(event.to)} now, ${clean(event.from)} is out of reach`;
    case 'connections-lost':
      return `${name}: ${event.count === 1 ? '1 open connection was' : `${event.count} open connections were`} lost; connect again`;
    case 'destination-refused':
      return `${name}: the gateway could not connect to ${clean(event.destination)} (DESTINATION_REFUSED)`;
    case 'destination-not-granted':
      return `${name}: ${clean(event.destination)} is not among what is granted; refused`;
    case 'helper-missing':
      return `${name}: without the helper there are no routes, so programs come by SOCKS; once, for any program: sudo tunnel helper install`;
    case 'peer-refused':
      return `${name}: a connection ${event.uid === null ? 'whose owner had gone' : `of user ${event.uid} of this machine`} was refused (PEER_REFUSED)`;
    case 'open':
    case 'closed':
      return undefined;
  }
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
