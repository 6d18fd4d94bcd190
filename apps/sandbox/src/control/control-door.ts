import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import type { Throttle } from '../authorise/throttle.ts';
import { readBody } from '../front-door/request-body.ts';
import { faultEventsForm, faultsForm, type FaultEvents } from '../gateway/faults.ts';
import type { SessionTable } from '../gateway/session-table.ts';
import { limits } from '../limits.ts';
import { AwsError } from '../services/aws-error.ts';
import type { PushedKeys } from '../services/instance-connect/pushed-keys.ts';
import type { Answer } from '../services/wire-protocol.ts';
import type { ShiftedClock } from '../world/shifted-clock.ts';
import type { World } from '../world/world.ts';

/** What tests may turn while the sandbox runs. */
export interface ControlParts {
  readonly secret: string;
  readonly world: World;
  readonly clock: ShiftedClock;
  readonly table: SessionTable;
  readonly throttle: Throttle;
  readonly pushedKeys: PushedKeys;
  /** What accepts data channels. */
  readonly gateway: { restart(downMs: number): void; readonly silentUpgrades: number };
}

const clockForm = z.union([
  z.strictObject({ advanceSeconds: z.number() }),
  z.strictObject({ offsetSeconds: z.number() }),
]);
const instanceForm = z.strictObject({
  online: z.boolean().optional(),
  /** Whether its role may call kms:Decrypt. */
  mayDecrypt: z.boolean().optional(),
  /** Whether its role may write the logs of sessions. */
  mayLog: z.boolean().optional(),
  /** Replaces all tags. */
  tags: z.record(z.string(), z.string()).optional(),
});

/** The control endpoints under `/_sandbox/`: clock, faults, instances, state. Only with `--control`. */
export class ControlDoor {
  readonly #parts: ControlParts;

  constructor(parts: ControlParts) {
    this.#parts = parts;
  }

  async answer(request: IncomingMessage): Promise<Answer> {
    if (!this.#knows(request.headers['x-sandbox-control']))
      return json(403, { error: 'wrong control secret' });
    try {
      const text = Buffer.from(await readBody(request)).toString('utf8');
      const result = this.#route(
        request.method ?? 'GET',
        request.url ?? '',
        text === '' ? {} : JSON.parse(text),
      );
      return result === undefined ? json(404, { error: 'no such control' }) : json(200, result);
    } catch (error) {
      if (error instanceof z.ZodError) return json(400, { error: z.prettifyError(error) });
      if (error instanceof SyntaxError) return json(400, { error: 'the body is not JSON' });
      if (error instanceof AwsError) return json(413, { error: error.message });
      throw error;
    }
  }

  #knows(given: string | string[] | undefined): boolean {
    if (typeof given !== 'string') return false;
    const [a, b] = [Buffer.from(given), Buffer.from(this.#parts.secret)];
    return a.length === b.length && timingSafeEqual(a, b);
  }

  #route(method: string, url: string, body: unknown): object | undefined {
    const { world, clock, pushedKeys } = this.#parts;
    const [, keysOf, user] = /^\/_sandbox\/instances\/([\w-]+)\/pushed-keys\/([\w@.$-]+)$/.exec(url) ?? [];
    if (method === 'GET' && keysOf !== undefined) return { keys: pushedKeys.of(keysOf, user ?? '') };
    const instanceId = /^\/_sandbox\/instances\/([\w-]+)$/.exec(url)?.[1];
    if (method === 'POST' && url === '/_sandbox/clock') {
      const form = clockForm.parse(body);
      clock.shiftTo(
        'offsetSeconds' in form ? form.offsetSeconds * 1000 : clock.offsetMs + form.advanceSeconds * 1000,
      );
      return { now: new Date(clock.now()).toISOString(), offsetSeconds: clock.offsetMs / 1000 };
    }
    if (method === 'PUT' && url === '/_sandbox/faults') return this.#setFaults(body);
    if (method === 'POST' && url === '/_sandbox/events') return this.#do(faultEventsForm.parse(body));
    if (method === 'PUT' && instanceId !== undefined) return this.#changeInstance(instanceId, body);
    if (method === 'GET' && url === '/_sandbox/state') return this.#state();
    if (method === 'GET' && url === '/_sandbox/instances') return { items: [...world.instances.values()] };
    return undefined;
  }

  /** Sets the whole plan: what is left out is off. A `kill` in it is done once. */
  #setFaults(body: unknown): object {
    const { kill, ...plan } = z.looseObject({ kill: faultEventsForm.shape.kill }).parse(body);
    const faults = faultsForm.parse(plan);
    const { table, throttle, world } = this.#parts;
    table.setFaults(faults);
    throttle.rate = faults.calls ?? { callsPerSecond: limits.callsPerSecond, burst: limits.callBurst };
    if (faults.defaultDocumentCheck !== null)
      world.sessionManager.defaultDocumentCheck = faults.defaultDocumentCheck;
    if (kill !== undefined) this.#do({ kill });
    table.sweep();
    return faults;
  }

  /** Does what happens once. Undefined for an instance that does not exist. */
  #do({ kill, restartAgent, restartGateway }: FaultEvents): object | undefined {
    const { table, gateway, world } = this.#parts;
    if (kill !== undefined) table.lose(kill.side, kill, kill.how);
    if (restartAgent !== undefined) {
      const instance = world.instances.get(restartAgent.instanceId);
      // An attached agent is another process: whoever started it can restart it.
      if (instance?.agent !== 'emulated') return undefined;
      table.restartAgent(instance, restartAgent.downMs, restartAgent.sessions);
    }
    if (restartGateway !== undefined) gateway.restart(restartGateway.downMs);
    return {};
  }

  #changeInstance(id: string, body: unknown): object | undefined {
    const instance = this.#parts.world.instances.get(id);
    if (instance === undefined) return undefined;
    const { online, tags, mayDecrypt, mayLog } = instanceForm.parse(body);
    if (mayDecrypt !== undefined) instance.mayDecrypt = mayDecrypt;
    if (mayLog !== undefined) instance.mayLog = mayLog;
    if (tags !== undefined) instance.tags = tags;
    if (online !== undefined) {
      instance.online = online;
      if (!online) this.#parts.table.loseInstance(id);
    }
    return instance;
  }

  #state(): object {
    const { world, clock, table, gateway } = this.#parts;
    return {
      silentUpgrades: gateway.silentUpgrades,
      now: new Date(clock.now()).toISOString(),
      offsetSeconds: clock.offsetMs / 1000,
      faults: table.faults,
      instances: [...world.instances.values()],
      sessions: table.list().slice(0, 200),
    };
  }
}

function json(status: number, body: object): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
