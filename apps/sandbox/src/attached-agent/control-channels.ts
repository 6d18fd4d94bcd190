import type { Effects } from '@sallyport/effects';
import { decodeMessage, messageTypes, readJsonObject } from '@sallyport/ssm-protocol';
import { ChannelToken } from '../gateway/channel-token.ts';
import { channelClosed, interactiveShell, taskAcknowledge } from '../gateway/gateway-messages.ts';
import type { SessionTable } from '../gateway/session-table.ts';
import type { SsmSession } from '../gateway/ssm-session.ts';
import type { Instance, World } from '../world/world.ts';

/** A control channel's socket, as this class sees it. */
export interface ControlSocket {
  send(frame: Uint8Array): void;
  close(code: number, reason: string): void;
}

interface Node {
  readonly instance: Instance;
  readonly token: ChannelToken;
  socket: ControlSocket | undefined;
}

/** The control channels of attached agents: an instance is online while its channel is open. */
export class ControlChannels {
  readonly #nodes: ReadonlyMap<string, Node>;
  readonly #effects: Effects;

  constructor(world: World, effects: Effects) {
    this.#effects = effects;
    this.#nodes = new Map(
      [...world.instances.values()]
        .filter(({ agent }) => agent === 'attached')
        .map((instance) => [instance.id, { instance, token: new ChannelToken(effects), socket: undefined }]),
    );
  }

  /** The attached instance of that id, if there is one. */
  instance(id: string): Instance | undefined {
    return this.#nodes.get(id)?.instance;
  }

  /** A token for the next control channel of the instance; undefined when no such agent may attach. */
  issueToken(instanceId: string): string | undefined {
    return this.#nodes.get(instanceId)?.token.issue();
  }

  admits(instanceId: string, token: string): boolean {
    return this.#nodes.get(instanceId)?.token.admits(token) ?? false;
  }

  /** A control channel is open: a newer one replaces the older. */
  attach(instanceId: string, socket: ControlSocket, agentVersion: string): void {
    const node = this.#nodes.get(instanceId);
    if (node === undefined) return socket.close(1003, 'unknown instance');
    const before = node.socket;
    node.socket = socket;
    node.instance.online = true;
    if (agentVersion !== '') node.instance.report = { ...node.instance.report, agentVersion };
    before?.close(1000, 'Bye');
  }

  /** The socket is gone. Sessions go on: each has a channel of its own. */
  detached(instanceId: string, socket: ControlSocket): void {
    const node = this.#nodes.get(instanceId);
    if (node === undefined || node.socket !== socket) return;
    node.socket = undefined;
    node.instance.online = false;
  }

  /** Sends an instance's agent to work on a session. Nothing acknowledges that; the agent just comes. */
  start(session: SsmSession): void {
    this.#socketOf(session)?.send(interactiveShell(session, this.#effects));
  }

  /** Tells the agent of a session that is over, for one that has not opened its channel or has lost it. */
  ended(session: SsmSession): void {
    this.#socketOf(session)?.send(channelClosed(session.id, '', this.#effects));
  }

  /** A message of the agent: the end of a task, which may be told more than once. All others need no answer. */
  received(instanceId: string, frame: Uint8Array, table: SessionTable): void {
    const decoded = decodeMessage(frame);
    if (!decoded.ok || decoded.message.messageType !== messageTypes.agentTaskComplete) return;
    const { messageId, payload } = decoded.message;
    const body = readJsonObject(payload);
    const taskId = body?.['TaskId'];
    if (typeof taskId !== 'string') return;
    this.#nodes
      .get(instanceId)
      ?.socket?.send(taskAcknowledge({ messageId, taskId, topic: textOf(body?.['Topic']) }, this.#effects));
    const session = table.live(taskId);
    // An agent speaks for its own sessions only.
    if (session?.order.instance.id !== instanceId) return;
    const failed = body?.['FinalTaskStatus'] === 'Failed';
    session.finish({
      state: failed ? 'Failed' : 'Terminated',
      output: textOf(body?.['Output']),
      byAgent: true,
    });
  }

  /** Closes every control channel. */
  close(): void {
    for (const { socket } of this.#nodes.values()) socket?.close(1001, 'Bye');
  }

  #socketOf({ order }: SsmSession): ControlSocket | undefined {
    return this.#nodes.get(order.instance.id)?.socket;
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
