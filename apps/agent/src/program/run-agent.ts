import { readFileSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Effects } from '@sallyport/effects';
import { signerOf } from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';
import { openPacketDevice, type OpenPacketDevice } from '../node/packet-device.ts';
import { gatewayNetwork, resolversBehind, systemResolvers } from '../node/gateway-network.ts';
import type { ResolverAddress } from '../node/ask-resolver.ts';
import { httpControlPlane } from '../node/http-control-plane.ts';
import { packer } from '../node/packer.ts';
import { RecordBuffer } from '../records/record-buffer.ts';
import { startAgent } from '../start-agent.ts';
import { agentVersion } from '../version.ts';
import { invalid, type Configuration } from './configuration.ts';
import { enrol, EnrolmentStore, type Enrolment } from './enrolment.ts';
import { listenOnLoopback, serveMetrics } from './loopback.ts';
import { prometheusMeters } from './prometheus.ts';

/** The resolver that answers for the private network: configured, or the machine's first. */
export async function resolverOf(configuration: Configuration): Promise<ResolverAddress | undefined> {
  if (configuration.resolver !== undefined) return configuration.resolver;
  const [first] = await systemResolvers();
  return first === undefined ? undefined : { address: first, port: 53 };
}

/** Runs the agent as a service until it is closed. Refuses AGENT_CONFIGURATION_INVALID, AGENT_PORT_TAKEN. */
export async function runAgent(
  configuration: Configuration,
  effects: Effects,
): Promise<{ port: number; metricsPort: number | null; close(): Promise<void> }> {
  const store = new EnrolmentStore(configuration.stateFolder);
  const enrolment = store.read() ?? (await firstEnrolment(configuration, store, effects));
  const resolver = await resolverOf(configuration);
  const network = await gatewayNetwork(effects, resolver);
  const packets = await packetsOf(configuration, effects);
  const meters = prometheusMeters();
  const records = new RecordBuffer(
    join(configuration.stateFolder, 'flows'),
    configuration.recordsMiBMax * 1024 * 1024,
    (count) => {
      meters.recordsDropped(count);
      effects.log.write('warn', 'flow records were lost: too many wait', { count });
    },
  );
  const closed = [...configuration.closedAddresses, ...(await resolversBehind())];
  const { agentId, issuer, keys, serial } = enrolment;
  const signer = await signerOf(await store.key());
  const agent = await startAgent({
    config: {
      agentId,
      issuer,
      keys,
      keysSerial: serial,
      closedAddresses: resolver === undefined ? closed : [...closed, resolver.address],
    },
    ports: {
      effects,
      network,
      ...(packets === undefined ? {} : { packets }),
      records,
      meters,
      packer,
      saveKeys: (set) => store.saveKeys(set),
      controlPlane: httpControlPlane({
        baseUrl: configuration.controlPlane,
        agentId,
        issuer,
        signer,
        effects,
      }),
    },
  });
  const server = await listenOnLoopback(agent, configuration.port);
  const metrics =
    configuration.metricsPort === undefined
      ? undefined
      : await serveMetrics(() => meters.text(), configuration.metricsPort);
  effects.log.write('info', 'the agent listens', {
    port: server.port,
    agentId,
    version: agentVersion,
    echoes: network.pings,
    packets: packets === undefined ? 'none' : 'device',
  });
  return {
    port: server.port,
    metricsPort: metrics?.port ?? null,
    async close() {
      await Promise.all([server.close(), metrics?.close() ?? Promise.resolve(), agent.close()]);
      records.close();
      network.close();
      await packets?.close();
    },
  };
}

/** The device for whole packets, where one is configured. One that cannot be had costs nothing else: it is said, here and by `check`. */
async function packetsOf({ l3 }: Configuration, { log }: Effects): Promise<OpenPacketDevice | undefined> {
  if (l3 === undefined) return undefined;
  try {
    return await openPacketDevice(l3, log);
  } catch (cause) {
    if (!(cause instanceof Problem)) throw cause;
    log.write('warn', 'whole packets are not carried', { code: cause.code, reason: cause.detail });
    return undefined;
  }
}

async function firstEnrolment(
  configuration: Configuration,
  store: EnrolmentStore,
  effects: Effects,
): Promise<Enrolment> {
  const { joinTokenFile, instanceId, controlPlane } = configuration;
  if (joinTokenFile === undefined || instanceId === undefined)
    throw invalid('This agent is not enrolled: it needs an instanceId and a joinTokenFile.');
  let joinToken: string;
  try {
    joinToken = readFileSync(joinTokenFile, 'utf8').trim();
  } catch (cause) {
    throw invalid(`${joinTokenFile} cannot be read.`, cause);
  }
  const enrolment = await enrol(store, { controlPlane, instanceId, joinToken }, AbortSignal.timeout(30_000));
  effects.log.write('info', 'enrolled', { agentId: enrolment.agentId });
  try {
    unlinkSync(joinTokenFile);
  } catch {
    // It works once; what is left of it opens nothing.
    effects.log.write('warn', 'the used join token cannot be removed', { path: joinTokenFile });
  }
  return enrolment;
}
