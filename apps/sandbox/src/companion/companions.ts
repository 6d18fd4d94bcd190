import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { packer, RecordBuffer, startAgent, type RunningAgent } from '@sallyport/agent';
import type { Effects } from '@sallyport/effects';
import { generateKeyPair, PublicKey, signerOf, type PrivateKey } from '@sallyport/grant-token';
import { z } from 'zod';
import type { PrivateNetwork } from '../instances/private-network.ts';
import { writePrivateText } from '../principals/private-file.ts';
import type { Instance, World } from '../world/world.ts';
import { companionNetwork } from './companion-network.ts';
import { companionPackets } from './companion-packets.ts';
import { controlPlaneOfInstallation } from './control-plane.ts';

export interface CompanionParts {
  /** Folder of the installation: here lie `signing-keys.json` and `sandbox.json`, here `agents.json` is written. */
  readonly dataDir: string;
  /** The sandbox's own folder, where keys and records are kept. */
  readonly folder: string;
  readonly world: World;
  readonly network: PrivateNetwork;
  /** The machine's own time: instances keep it when the cloud's clock is moved. */
  readonly effects: Effects;
}

const keyForm = PublicKey.extend({ d: z.string() });
const trustForm = z.object({ issuer: z.string(), keys: z.array(PublicKey).min(1).max(2) });
const recordBytesMax = 8 * 1024 * 1024;

/** The companion agents of the emulated instances: the product's own agent, in this process, with the private network for a network. */
export class Companions {
  readonly #parts: CompanionParts;
  readonly #agents: readonly CompanionAgent[];

  private constructor(parts: CompanionParts, agents: readonly CompanionAgent[]) {
    this.#parts = parts;
    this.#agents = agents;
  }

  /** Makes keys where there are none, writes `agents.json` for the control plane, and lets the agents listen on their instances. */
  static async start(parts: CompanionParts): Promise<Companions> {
    const agents: CompanionAgent[] = [];
    for (const instance of parts.world.instances.values())
      if (instance.companion !== undefined) agents.push(await CompanionAgent.of(instance, parts));
    const companions = new Companions(parts, agents);
    if (agents.length > 0)
      await writePrivateText(
        join(parts.dataDir, 'agents.json'),
        `${JSON.stringify(
          agents.map(({ enrolment }) => enrolment),
          null,
          2,
        )}\n`,
      );
    return companions;
  }

  /** Kills the agent of an instance, as `kill -9` would: its clients are cut without a word. The next connection finds a new one. */
  async restart(instanceId: string): Promise<void> {
    await this.#agents.find(({ enrolment }) => enrolment.instanceId === instanceId)?.kill();
  }

  async close(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.stop()));
    this.#parts.effects.log.write('debug', 'companion agents ended', { count: this.#agents.length });
  }
}

/** One agent. It runs from the first connection on, when the keys of the control plane are there. */
class CompanionAgent {
  readonly enrolment: {
    readonly agentId: string;
    readonly instanceId: string;
    readonly accountId: string;
    readonly publicKey: PublicKey;
  };
  readonly #key: PrivateKey;
  readonly #parts: CompanionParts;
  readonly #instance: Instance;
  readonly #sockets = new Set<Duplex>();
  #running: { readonly since: number; readonly agent: Promise<RunningAgent> } | undefined;

  private constructor(instance: Instance, key: PrivateKey, parts: CompanionParts) {
    this.#instance = instance;
    this.#key = key;
    this.#parts = parts;
    const { kty, crv, x, kid } = key;
    this.enrolment = {
      agentId: `agent-${instance.id}`,
      instanceId: instance.id,
      accountId: instance.account,
      publicKey: { kty, crv, x, kid },
    };
  }

  static async of(instance: Instance, parts: CompanionParts): Promise<CompanionAgent> {
    const file = join(parts.folder, 'companions', instance.id, 'key.json');
    const key = existsSync(file)
      ? keyForm.parse(JSON.parse(await readFile(file, 'utf8')))
      : (await generateKeyPair()).privateKey;
    await writePrivateText(file, `${JSON.stringify(key)}\n`);
    const agent = new CompanionAgent(instance, key, parts);
    parts.network.serveOnLoopback(instance.id, instance.companion?.port ?? 0, (socket) =>
      agent.#serve(socket),
    );
    return agent;
  }

  async kill(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.stop();
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.agent.then(
      (agent) => agent.close(),
      () => undefined,
    );
  }

  #serve(socket: Duplex): void {
    socket.on('error', () => undefined);
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    this.#agent().then(
      (agent) => agent.accept(socket),
      (error: unknown) => {
        const { id } = this.#instance;
        this.#parts.effects.log.write('warn', 'a companion agent does not run', {
          id,
          reason: String(error),
        });
        socket.destroy();
      },
    );
  }

  /** The running agent. Keys that were written since it started (another control plane) start it anew. */
  async #agent(): Promise<RunningAgent> {
    const file = join(this.#parts.dataDir, 'signing-keys.json');
    const { mtimeMs } = await stat(file);
    if (this.#running?.since !== mtimeMs) {
      const before = this.#running;
      const agent = (async () => {
        await before?.agent.then((running) => running.close()).catch(() => undefined);
        return this.#start(file);
      })();
      this.#running = { since: mtimeMs, agent };
      agent.catch(() => (this.#running = undefined));
    }
    return this.#running.agent;
  }

  async #start(file: string): Promise<RunningAgent> {
    const { dataDir, folder, network, effects } = this.#parts;
    const { issuer, keys } = trustForm.parse(JSON.parse(await readFile(file, 'utf8')));
    const { agentId } = this.enrolment;
    return startAgent({
      // The resolver of the network is asked by the agent, never by its clients.
      config: { agentId, issuer, keys, closedAddresses: this.#parts.world.resolvers },
      ports: {
        effects,
        network: companionNetwork(network, this.#instance),
        ...(this.#instance.companion?.packets === true ? { packets: companionPackets(network) } : {}),
        packer,
        records: new RecordBuffer(join(folder, 'companions', this.#instance.id, 'records'), recordBytesMax),
        controlPlane: controlPlaneOfInstallation({
          file: join(dataDir, 'sandbox.json'),
          agentId,
          issuer,
          signer: await signerOf(this.#key),
          effects,
        }),
      },
    });
  }
}
