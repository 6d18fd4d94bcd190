import {
  awsSessionKeys,
  awsSsmSessions,
  connectionSettings,
  controlPlaneOf,
  RemoteShell,
  Tunnel,
  webSocketTransport,
} from '@sallyport/connect';
import type { Grant, Resource } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';
import { sayDuration } from '../output/duration.ts';
import type { Server } from '../server/server.ts';
import type { World } from '../world.ts';

const trialWithinMs = 45_000;

export interface Tried {
  readonly resource: Resource;
  readonly grant: Grant;
}

/** Why a resource is not tried; undefined: it can be, without doing anything there. */
export function untried({ shell }: Resource): string | undefined {
  if (!shell) return undefined;
  if (shell.clientRecording) return 'not tried: whatever it shows has to be recorded for the auditors';
  return shell.login ? undefined : 'not tried: it would run one of the commands';
}

interface TrialParts {
  readonly options: Pick<
    Parameters<typeof RemoteShell.open>[0] & Parameters<typeof Tunnel.open>[0],
    'grantId' | 'clientVersion' | 'rules'
  >;
  readonly ports: Omit<Parameters<typeof RemoteShell.open>[1], 'keys' | 'recorder'>;
  readonly signal: AbortSignal;
}

async function tryPort({ options, ports, signal }: TrialParts): Promise<void> {
  const tunnel = await Tunnel.open(
    { ...options, listen: { on: 'nothing' }, pool: { sessionsMax: 1 } },
    ports,
    {},
    signal,
  );
  await tunnel.close();
}

/** As far as the shell that speaks: its account, its key and its log are in order then. */
async function tryShell({ options, ports, signal }: TrialParts): Promise<string> {
  let version = '';
  const shell = await RemoteShell.open(
    { ...options, purpose: 'shell' },
    { ...ports, keys: awsSessionKeys },
    {
      output: () => undefined,
      errorOutput: () => undefined,
      ready: ({ agentVersion }) => (version = agentVersion),
    },
    signal,
  );
  await shell.close();
  return version;
}

/** Opens a session as its command does, listening nowhere and typing nothing, and closes it again. Tells the agent's version. */
export async function trial(server: Server, world: World, tried: Tried): Promise<[string, string]> {
  const { clock, timers } = world.effects;
  const start = clock.monotonic();
  const seen: { started: boolean; agent: string } = { started: false, agent: '' };
  const late = new AbortController();
  const patience = timers.after(trialWithinMs, () =>
    late.abort(
      new Problem('SSM_UNREACHABLE', { detail: `No session within ${sayDuration(trialWithinMs / 1000)}.` }),
    ),
  );
  try {
    const parts: TrialParts = {
      options: {
        ...{ grantId: tried.grant.id, clientVersion: world.version },
        rules: { controlPlane: server.address, ...connectionSettings(world.env) },
      },
      ports: {
        ...{ controlPlane: controlPlaneOf(server.api), ssm: awsSsmSessions },
        ...{ transport: webSocketTransport, effects: world.effects },
        debug: (topic, fields) => {
          if (topic === 'ssm' && fields?.['call'] === 'StartSession') seen.started = true;
          if (topic === 'channel' && typeof fields?.['agent'] === 'string') seen.agent = fields?.['agent'];
        },
      },
      signal: late.signal,
    };
    if (tried.resource.kind === 'shell') seen.agent = await tryShell(parts);
    else await tryPort(parts);
    return [`opened and closed in ${Math.round(clock.monotonic() - start)} ms`, seen.agent];
  } catch (error) {
    throw judged(error, seen.started);
  } finally {
    timers.cancel(patience);
  }
}

/** What a failed trial means: after AWS started the session only the WebSocket was left, before it the rights. */
function judged(error: unknown, started: boolean): unknown {
  if (!(error instanceof Problem)) return error;
  const { code, detail } = error;
  if (started && (code === 'CHANNEL_REFUSED' || code === 'SSM_UNREACHABLE'))
    return new Problem('NETWORK_WEBSOCKET_BLOCKED', {
      detail: `AWS started the session over HTTPS, and its WebSocket did not open: ${detail}`,
      cause: error,
    });
  if (!started && code === 'SSM_SESSION_REFUSED')
    return new Problem('GATEWAY_RIGHTS_MISSING', { detail, cause: error });
  return error;
}
