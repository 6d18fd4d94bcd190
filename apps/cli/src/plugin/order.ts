import { Problem } from '@sallyport/problems';

/** A session that the AWS CLI has started. Token and stream URL are secret. */
export interface BegunResponse {
  readonly sessionId: string;
  readonly token: string;
  readonly streamUrl: string;
}

export interface StartOrder {
  readonly response: BegunResponse;
  readonly region: string;
  /** Empty: none was named. */
  readonly profile: string;
  /** What StartSession was called with; a target is missing in the oldest form, which has no encryption. */
  readonly target: string | undefined;
  readonly documentName: string | undefined;
  /** Where Session Manager is, as the AWS CLI found it; undefined: where AWS has it. */
  readonly endpoint: string | undefined;
}

/** What this program is asked to do, by the words after its name. */
export type Order =
  | { readonly do: 'greet' }
  | { readonly do: 'tell-version' }
  | { readonly do: 'refuse-operation'; readonly operation: string | undefined }
  | { readonly do: 'start'; readonly start: StartOrder };

/** The variable that the AWS CLI hands the response over in has a name that begins so. */
const responseVariable = 'AWS_SSM_START_SESSION_RESPONSE';
/** No answer of AWS is longer. */
const charsMax = 65_536;
const sessionIdForm = /^[\w+=,.@-]{1,96}$/u;

/**
 * Reads the forms of the official program: the response of StartSession (or the variable that holds it, which is taken out of the environment), region, `StartSession`, profile, request,
 * endpoint; older callers leave the last ones out. Refuses with PLUGIN_ARGUMENTS_INVALID, which never quotes what it was given.
 */
export function readOrder(words: readonly string[], env: Record<string, string | undefined>): Order {
  // Taken out first, whatever follows: no program that is started from here inherits it.
  const response = taken(words[0], env);
  const [first, region = '', operation, profile = '', request, endpoint] = words;
  if (first === undefined) return { do: 'greet' };
  if (words.length === 1 && first === '--version') return { do: 'tell-version' };
  if (words.length < 3) return { do: 'refuse-operation', operation: isWord(first) ? first : '' };
  if (operation !== 'StartSession') return { do: 'refuse-operation', operation: undefined };
  return {
    do: 'start',
    start: {
      response: readResponse(response),
      region: readRegion(region),
      profile: readProfile(profile),
      ...readRequest(request),
      endpoint: endpoint === undefined || endpoint === '' || isOfEcs(endpoint) ? undefined : endpoint,
    },
  };
}

function taken(first: string | undefined, env: Record<string, string | undefined>): string | undefined {
  let response = first;
  for (const name of Object.keys(env)) {
    if (!name.startsWith(responseVariable)) continue;
    if (name === first) response = env[name];
    delete env[name];
  }
  return response;
}

/** A word of its own, and no document: what is not one is not repeated. */
function isWord(text: string): boolean {
  return /^[\w.-]{1,64}$/u.test(text);
}

function invalid(detail: string): Problem {
  return new Problem('PLUGIN_ARGUMENTS_INVALID', { detail });
}

/** The members of a JSON object by their names in small letters, as the official program takes them (`aws ecs execute-command` writes `sessionId`). */
function membersOf(text: string | undefined, what: string): ReadonlyMap<string, unknown> {
  if (text === undefined || text === '') throw invalid(`${what} is missing.`);
  if (text.length > charsMax) throw invalid(`${what} is too long.`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own words would quote the text, and it holds a secret.
    throw invalid(`${what} is not JSON.`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`${what} is not a JSON object.`);
  return new Map(Object.entries(value).map(([name, member]) => [name.toLowerCase(), member]));
}

function readResponse(text: string | undefined): BegunResponse {
  const what = 'The response of StartSession';
  const members = membersOf(text, what);
  const [sessionId, token, streamUrl] = ['SessionId', 'TokenValue', 'StreamUrl'].map((name) => {
    const member = members.get(name.toLowerCase());
    if (typeof member !== 'string' || member === '') throw invalid(`${what} has no ${name}.`);
    return member;
  }) as [string, string, string];
  if (!sessionIdForm.test(sessionId)) throw invalid(`${what} has a SessionId that is none.`);
  return { sessionId, token, streamUrl };
}

function readRegion(region: string): string {
  if (/^[a-z0-9-]{4,32}$/u.test(region)) return region;
  throw invalid('The region is none.');
}

function readProfile(profile: string): string {
  if (profile.length <= 256 && !/\p{C}/u.test(profile)) return profile;
  throw invalid('The profile is none.');
}

function readRequest(text: string | undefined): Pick<StartOrder, 'target' | 'documentName'> {
  if (text === undefined) return { target: undefined, documentName: undefined };
  const members = membersOf(text, 'The request of StartSession');
  const [target, documentName] = [members.get('target'), members.get('documentname')];
  if (typeof target !== 'string' || target === '' || target.length > 400)
    throw invalid('The request of StartSession has no Target.');
  return { target, documentName: typeof documentName === 'string' ? documentName : undefined };
}

/** `aws ecs execute-command` names its own endpoint, which knows nothing of sessions. */
function isOfEcs(endpoint: string): boolean {
  return /^https:\/\/ecs[.-]/u.test(endpoint);
}
