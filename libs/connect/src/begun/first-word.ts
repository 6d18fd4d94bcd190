import {
  featuresOfAgent,
  messageTypes,
  parseMessage,
  payloadTypes,
  readChannelClosedOutput,
  readHandshakeRequest,
  shellTypes,
  type PortMode,
  type PortProperties,
  type ShellType,
} from '@sallyport/ssm-protocol';

/** What the first message of an agent (or the service) says of a session that somebody else has started. */
export type FirstWord =
  | { readonly is: 'port'; readonly mode: PortMode; readonly properties: PortProperties }
  /** `type` is undefined without a handshake: a shell or an interactive command. */
  | { readonly is: 'program'; readonly type: ShellType | undefined }
  /** A kind of session that nobody here knows. */
  | { readonly is: 'unknown' }
  /** Over before it began; with the words of the agent or the service. */
  | { readonly is: 'closed'; readonly output: string };

/** Type of a message begins here, and no other type begins with this letter. */
const [typeAt, letterOfClosed] = [4, 0x63];

/** The text with which the service ends a channel; undefined for every other message. */
export function closedOutput(frame: Uint8Array): string | undefined {
  if (frame[typeAt] !== letterOfClosed) return undefined;
  const parsed = parseMessage(frame);
  if (!parsed.ok || parsed.message.messageType !== messageTypes.channelClosed) return undefined;
  return readChannelClosedOutput(parsed.message.payload);
}

/** Reads what a message says of the session's kind; undefined for one that says nothing of it. */
export function readFirstWord(frame: Uint8Array): FirstWord | undefined {
  const output = closedOutput(frame);
  if (output !== undefined) return { is: 'closed', output };
  const parsed = parseMessage(frame);
  if (!parsed.ok || parsed.message.messageType !== messageTypes.outputStreamData) return undefined;
  const { payload, payloadType } = parsed.message;
  if (payloadType !== payloadTypes.handshakeRequest) return { is: 'program', type: undefined };
  const request = readHandshakeRequest(payload);
  const { parameters = {} } = request?.actions.find(({ actionType }) => actionType === 'SessionType') ?? {};
  const type = parameters['SessionType'];
  if (type === 'Port') return portWord(request?.agentVersion ?? '', textsOf(parameters['Properties']));
  const program = shellTypes.find((known) => known === type);
  return program === undefined ? { is: 'unknown' } : { is: 'program', type: program };
}

function portWord(agentVersion: string, properties: PortProperties): FirstWord {
  if (properties['type'] !== 'LocalPortForwarding')
    return { is: 'port', mode: 'standard-stream', properties };
  const mode = featuresOfAgent(agentVersion).multiplexing ? 'mux' : 'basic';
  return { is: 'port', mode, properties };
}

function textsOf(value: unknown): PortProperties {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}
