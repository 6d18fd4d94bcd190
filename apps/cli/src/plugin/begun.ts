import {
  BegunSession,
  checkStreamUrl,
  connectionSettings,
  endpointFor,
  HeldChannel,
  signUpgrade,
  type EndpointRules,
  type FirstWord,
  type OwnCredentials,
} from '@sallyport/connect';
import { Problem } from '@sallyport/problems';
import type { StartOrder } from './order.ts';
import { ownCredentials } from './own-credentials.ts';
import type { PluginWorld } from './plugin-world.ts';

/** What it takes to go on with a session that the AWS CLI has started. */
export interface Begun {
  readonly world: PluginWorld;
  readonly order: StartOrder;
  readonly rules: EndpointRules;
  readonly session: BegunSession;
  readonly held: HeldChannel;
  readonly word: FirstWord;
}

/** What a person or a profile takes to give out credentials; the session goes on without. */
const credentialsWithinMs = 20_000;
const openWithinMs = 20_000;
/** An agent that is bound to speak first does so within this. */
const firstWordWithinMs = 20_000;
/** Documents whose agent is bound to speak first. */
const speaksFirst = /^(?:AWS-Start(?:Port|SSH|NonInteractive)|jit-(?!interactive))/u;
/** A program in a terminal may be silent for as long as it likes, and waits to be typed to. */
const silentProgramMs = 2_000;

/**
 * Opens the data channel and learns what kind of session it is. Refuses with ENDPOINT_FOREIGN and STREAM_URL_FOREIGN before anything is sent, and with what the
 * gateway or the agent said.
 */
export async function begin(world: PluginWorld, order: StartOrder, signal: AbortSignal): Promise<Begun> {
  const { effects, ssm, transport } = world;
  const { response, region, target = '' } = order;
  const rules = rulesOf(world, order);
  const endpoint = endpointFor({ region, endpoint: null }, rules);
  const url = checkStreamUrl(response.streamUrl, response.sessionId, endpoint, rules);
  const find = () => ownCredentials(world.env, order);
  const credentials = await within(world, credentialsWithinMs, find(), signal).catch(() => undefined);
  signal.throwIfAborted();
  const session = new BegunSession({
    ...{ started: response, region, target, credentials, effects, ssm },
    findCredentials: find,
  });
  try {
    const headers = await signed(url, region, credentials, new Date(effects.clock.now()));
    const late = new AbortController();
    const patience = effects.timers.after(openWithinMs, () => late.abort(new Problem('SSM_UNREACHABLE')));
    const held = await HeldChannel.open(
      { transport, effects },
      { url, headers, token: response.token },
      AbortSignal.any([signal, late.signal]),
    ).finally(() => effects.timers.cancel(patience));
    const word = await firstWord(world, order, held, signal).catch((error: unknown) => {
      held.cut();
      throw error;
    });
    return { world, order, rules, session, held, word };
  } catch (error) {
    await session.abandon(endpoint);
    throw error;
  }
}

function rulesOf({ env }: PluginWorld, { endpoint }: StartOrder): EndpointRules {
  const { configured: own, ...settings } = connectionSettings(env);
  const configured = endpoint ?? own;
  // No control plane names an endpoint here.
  return {
    ...settings,
    ...(configured !== undefined && { configured }),
    controlPlane: new URL('https://invalid.'),
  };
}

async function signed(
  url: URL,
  region: string,
  credentials: OwnCredentials | undefined,
  now: Date,
): Promise<Record<string, string>> {
  // Without credentials the token alone speaks for us, as with the official program; whether that is enough is AWS's to say.
  if (!credentials) return {};
  const { accessKeyId, secretAccessKey, sessionToken = '' } = credentials;
  const expiration = credentials.expiration?.toISOString() ?? '';
  return signUpgrade(
    url,
    { region, credentials: { accessKeyId, secretAccessKey, sessionToken, expiration } },
    now,
  );
}

async function firstWord(
  world: PluginWorld,
  { documentName }: StartOrder,
  held: HeldChannel,
  signal: AbortSignal,
): Promise<FirstWord> {
  const name = documentName ?? '';
  const mayBeSilent = name !== '' && !speaksFirst.test(name);
  const patience = /^(?:AWS-Start|jit-)interactive/iu.test(name) ? silentProgramMs : firstWordWithinMs;
  const speaks = held.firstWord(signal);
  const word = await within(world, patience, speaks, signal).catch((error: unknown) => {
    if (!(error instanceof Problem) || error.code !== 'CHANNEL_HANDSHAKE_FAILED') throw error;
    // Only a program in a terminal has the right to say nothing. What it is sent will show whether anybody is there.
    if (mayBeSilent) return { is: 'program', type: undefined } as const;
    throw error;
  });
  if (word.is === 'unknown')
    throw new Problem('CHANNEL_HANDSHAKE_FAILED', {
      detail: 'The session is of a kind that is not known here.',
    });
  return word;
}

/** The promise's outcome, or CHANNEL_HANDSHAKE_FAILED after that long. */
async function within<T>(
  { effects }: PluginWorld,
  ms: number,
  promise: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const done = new AbortController();
  const late = effects.timers.wait(ms, AbortSignal.any([done.signal, signal])).then(() => {
    throw new Problem('CHANNEL_HANDSHAKE_FAILED', {
      detail: 'The agent on the instance did not answer in time.',
    });
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    done.abort();
    late.catch(() => undefined);
  }
}
