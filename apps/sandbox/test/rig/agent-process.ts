/**
 * An agent in a process of its own, in the shape of the official one: it reads `amazon-ssm-agent.json`, the credentials file and
 * the trusted certificate, makes the calls of its start, holds a control channel, and serves each session over a data channel of
 * its own with the agent role of the wire. `--hosts JSON` says where the names of the private network are on this machine.
 */
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { parseArgs } from 'node:util';
import { lineLog, systemEffects } from '@sallyport/effects/system';
import {
  agentTaskCompletePayload,
  controlOpenText,
  createAgentSession,
  createChannelBody,
  decodeMessage,
  encodeMessage,
  messageTypes,
  readJsonObject,
  type AgentEnd,
  type AgentSession,
} from '@sallyport/ssm-protocol';
import type { WebSocket } from 'ws';
import { Conversations } from '../../src/instances/conversations.ts';
import { Pump } from '../../src/instances/pump.ts';
import { substitute } from '../../src/instances/substitute.ts';
import { AgentTransport } from './agent-transport.ts';
import { wire } from './channel-client.ts';
import type { SessionOrder } from './recorded-session.ts';

const { values } = parseArgs({
  options: {
    configuration: { type: 'string' },
    hosts: { type: 'string', default: '{}' },
    paced: { type: 'boolean', default: false },
  },
});
const configuration = JSON.parse(readFileSync(values.configuration!, 'utf8')) as {
  Mgs: { Endpoint: string };
  Identity: { CustomIdentities: { InstanceID: string; Region: string }[] };
};
const hosts = JSON.parse(values.hosts) as Record<string, number>;
const identity = configuration.Identity.CustomIdentities[0]!;
const credentials = readFileSync(process.env['AWS_SHARED_CREDENTIALS_FILE']!, 'utf8');
const effects = systemEffects(lineLog((line) => process.stderr.write(line)));
const transport = new AgentTransport({
  endpoint: configuration.Mgs.Endpoint,
  region: identity.Region,
  caFile: process.env['SSL_CERT_FILE']!,
  credentials: {
    accessKeyId: /^aws_access_key_id = (\S+)$/m.exec(credentials)![1]!,
    secretAccessKey: /^aws_secret_access_key = (\S+)$/m.exec(credentials)![1]!,
  },
});
const keepAliveMs = 54_000;
const reconnectMs = 150;

function ssmCall(service: string, target: string, body: object): Promise<unknown> {
  const text = JSON.stringify(body);
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'content-length': String(Buffer.byteLength(text)),
    'x-amz-target': target,
  };
  return transport.post(service, '/', headers, text);
}

/** A token by one of the two REST calls. @throws Error with the body that the gateway answered. */
async function createChannel(path: string, clientId?: string): Promise<string> {
  const body = createChannelBody({ requestId: wire.uuid(), ...(clientId === undefined ? {} : { clientId }) });
  const answer = await transport.post('ssmmessages', path, { 'content-type': 'application/json' }, body);
  const token = /<TokenValue>(.+)<\/TokenValue>/.exec(answer.body)?.[1];
  if (answer.status !== 201 || token === undefined) throw new Error(answer.body);
  return token;
}

/** The official session worker, in this process. */
class Worker {
  readonly #order: SessionOrder;
  readonly #onEnd: (end: AgentEnd) => void;
  readonly #wire: AgentSession;
  readonly #pump: Pump;
  readonly #conversations: Conversations;
  readonly #timer: NodeJS.Timeout;
  #socket: WebSocket | undefined;
  #over = false;

  constructor(order: SessionOrder, onEnd: (end: AgentEnd) => void) {
    this.#order = order;
    this.#onEnd = onEnd;
    const { properties, parameters } = order.DocumentContent as {
      properties: unknown;
      parameters?: Record<string, { default?: string }>;
    };
    const given = Object.fromEntries(Object.entries(order.Parameters).map(([k, v]) => [k, [String(v)]]));
    const filled = substitute(properties, parameters ?? {}, given) as Record<string, string>;
    this.#pump = new Pump(effects, { paced: values.paced }, (count) =>
      this.#wire.pump(performance.now(), count),
    );
    this.#conversations = new Conversations(
      () => this.#wire,
      () => undefined,
    );
    this.#wire = createAgentSession(
      { environment: wire, sessionId: order.SessionId, instanceId: identity.InstanceID, properties: filled },
      {
        frame: (bytes) => this.#socket?.send(bytes),
        text: (text) => this.#socket?.send(text),
        sendable: () => this.#pump.wake(),
        readPressure: (on) => (on ? this.#socket?.pause() : this.#socket?.resume()),
        data: (stream, bytes) => this.#conversations.data(stream, bytes),
        end: (stream) => this.#conversations.ended(stream),
        writable: (stream) => this.#conversations.writable(stream),
        discarded: () => undefined,
        ready: () => undefined,
        dial: (stream) =>
          this.#conversations.begin(stream, dial(filled['host'], Number(filled['portNumber']))),
        finished: (end) => this.stop(end),
      },
    );
    this.#timer = setInterval(() => this.#wire.tick(performance.now()), 50);
    void this.#connect();
  }

  /** Ends the worker without a close frame, as the official one leaves. */
  stop(end: AgentEnd): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#timer);
    this.#pump.stop();
    this.#conversations.destroy();
    // What was put out last, an acknowledgement mostly, is let out first.
    setImmediate(() => this.#socket?.terminate());
    this.#onEnd(end);
  }

  async #connect(): Promise<void> {
    const path = `/v1/data-channel/${this.#order.SessionId}`;
    try {
      const token = await createChannel(path, '');
      const socket = await transport.open(`${path}?role=publish_subscribe`);
      this.#socket = socket;
      socket.on('message', (data) => this.#wire.receive(new Uint8Array(data as Buffer), performance.now()));
      socket.on('error', () => undefined);
      socket.on('close', () => this.#lost(socket));
      this.#wire.connected(token, performance.now());
    } catch (error) {
      if (String(error).includes('Session is already terminated'))
        this.stop({ status: 'Success', output: '' });
      else setTimeout(() => void this.#connect(), reconnectMs);
    }
  }

  #lost(socket: WebSocket): void {
    if (this.#over || socket !== this.#socket) return;
    this.#wire.disconnected(performance.now());
    setTimeout(() => void this.#connect(), reconnectMs);
  }
}

function dial(host = 'localhost', port: number): Promise<Duplex> {
  const socket = connect(hosts[`${host}:${port}`] ?? port, '127.0.0.1');
  return new Promise((resolve, reject) => {
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
    socket.once('error', reject);
  });
}

const workers = new Map<string, Worker>();

function control(socket: WebSocket): void {
  socket.on('message', (data) => {
    const decoded = decodeMessage(new Uint8Array(data as Buffer));
    if (!decoded.ok) return;
    const { messageType, payload } = decoded.message;
    const body = readJsonObject(payload) ?? {};
    if (messageType === messageTypes.interactiveShell) {
      const order = JSON.parse(String(body['Content'])) as SessionOrder;
      workers.set(
        order.SessionId,
        new Worker(order, (end) => {
          workers.delete(order.SessionId);
          socket.send(taskComplete(order.SessionId, end));
        }),
      );
    }
    if (messageType === messageTypes.channelClosed)
      workers.get(String(body['SessionId']))?.stop({ status: 'Success', output: '' });
  });
  socket.on('close', () => process.exit(0));
  setInterval(() => socket.ping('keepalive'), keepAliveMs);
}

function taskComplete(sessionId: string, { status, output }: AgentEnd): Uint8Array {
  const payload = agentTaskCompletePayload({ sessionId, instanceId: identity.InstanceID, status, output });
  const fields = { createdDate: wire.wallTime(), sequenceNumber: 0, flags: 0, payloadType: 0, payload };
  return encodeMessage(
    { messageType: messageTypes.agentTaskComplete, messageId: wire.uuid(), ...fields },
    wire.sha256,
  );
}

const about = {
  AgentName: 'amazon-ssm-agent',
  AgentVersion: '3.3.987.0',
  InstanceId: identity.InstanceID,
  PlatformType: 'Linux',
};
await ssmCall('ssm', 'AmazonSSM.UpdateInstanceInformation', about);
const token = await createChannel(`/v1/control-channel/${identity.InstanceID}`);
const channel = await transport.open(
  `/v1/control-channel/${identity.InstanceID}?role=subscribe&stream=input`,
);
control(channel);
channel.send(
  controlOpenText({ requestId: wire.uuid(), token, agentVersion: '3.3.987.0', platformType: 'linux' }),
);
await ssmCall('ssm', 'AmazonSSM.UpdateInstanceInformation', { ...about, AgentStatus: 'Active' });
process.stdout.write('{"event":"ready"}\n');
process.on('SIGTERM', () => process.exit(0));
