import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isSea } from 'node:sea';
import { promisify } from 'node:util';
import type { Effects } from '@sallyport/effects';
import { installUpdate, type UpdatePorts } from '../update/install-update.ts';
import { refused, type Artefact } from '../update/manifest.ts';
import { agentVersion } from '../version.ts';
import { readConfiguration, type Configuration } from './configuration.ts';
import { EnrolmentStore } from './enrolment.ts';
import { resolverOf, runAgent } from './run-agent.ts';
import { selfCheck } from './self-check.ts';

const run = promisify(execFile);
/** How long a new release may take to look at itself and to begin to serve. */
const checkWithinMs = 60_000;
const service = 'sallyport-agent.service';

/** Serves until SIGTERM or SIGINT. Prints one JSON line when it listens. */
export async function runService(path: string, effects: Effects): Promise<number> {
  const agent = await runAgent(readConfiguration(path), effects);
  process.stdout.write(
    `${JSON.stringify({ event: 'ready', port: agent.port, metricsPort: agent.metricsPort })}\n`,
  );
  await new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  await agent.close();
  return 0;
}

/** Looks at everything; 1 when something keeps the agent from its work. */
export async function runCheck(path: string, effects: Effects): Promise<number> {
  const configuration = readConfiguration(path);
  const store = new EnrolmentStore(configuration.stateFolder);
  const findings = await selfCheck(configuration, store, await resolverOf(configuration), effects);
  for (const { what, state, detail } of findings)
    process.stdout.write(`${state.padEnd(5)} ${what.padEnd(24)} ${detail}\n`);
  return findings.some(({ state }) => state === 'fail') ? 1 : 0;
}

/** Installs a newer release; run by root (a timer), since the agent itself may not write where its program lies. */
export async function runUpdate(path: string, effects: Effects): Promise<number> {
  const configuration = readConfiguration(path);
  if (configuration.updates === undefined) {
    process.stdout.write('no updates are configured\n');
    return 0;
  }
  const { from, publicKey } = configuration.updates;
  const platform = (isSea() ? `linux-${process.arch}` : 'node') as Artefact['platform'];
  const version = await installUpdate({
    folder: installationOf(isSea() ? process.execPath : (process.argv[1] ?? '')),
    runningVersion: agentVersion,
    platform,
    releaseKey: { kty: 'OKP', crv: 'Ed25519', x: publicKey },
    clock: effects.clock,
    ports: systemPorts(from, path, configuration, platform),
  });
  process.stdout.write(version === undefined ? `${agentVersion} is the newest\n` : `installed ${version}\n`);
  return 0;
}

/**
 * The folder of an installation whose program is `releases/<version>/sallyport-agent`. A script is told the path that it was started by, which
 * leads through the link `current`.
 */
export function installationOf(program: string): string {
  return dirname(dirname(dirname(realpathSync(program))));
}

function systemPorts(
  from: string,
  configPath: string,
  configuration: Configuration,
  platform: Artefact['platform'],
): UpdatePorts {
  const started = (program: string, args: string[]) => {
    const [file, all] = platform === 'node' ? [process.execPath, [program, ...args]] : [program, args];
    return run(file, all, { timeout: checkWithinMs, env: {} });
  };
  return {
    fetch: (file, bytesMax) => fetchFile(from, file, bytesMax),
    isFit: async (program, version) => {
      try {
        const { stdout } = await started(program, ['version']);
        await started(program, ['check', '--config', configPath]);
        return stdout.trim() === version;
      } catch {
        return false; // its own words are in the journal
      }
    },
    restart: async () => {
      try {
        await run('systemctl', ['restart', service], { timeout: checkWithinMs });
        await run('systemctl', ['is-active', '--quiet', service], { timeout: checkWithinMs });
        const answer = configuration.metricsPort;
        if (answer !== undefined)
          await fetch(`http://127.0.0.1:${String(answer)}/metrics`, { signal: AbortSignal.timeout(10_000) });
        return true;
      } catch {
        return false;
      }
    },
  };
}

/** One file from a folder or from an HTTPS address. Refuses AGENT_UPDATE_REFUSED. */
export async function fetchFile(from: string, file: string, bytesMax: number): Promise<Uint8Array> {
  try {
    if (from.startsWith('/')) {
      const bytes = await readFile(join(from, file));
      if (bytes.length > bytesMax) throw new Error('too large');
      return bytes;
    }
    const url = new URL(file, from.replace(/\/?$/, '/'));
    if (url.protocol !== 'https:') throw new Error('not HTTPS');
    const response = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(10 * 60_000) });
    if (!response.ok) throw new Error(`answered ${String(response.status)}`);
    const parts: Uint8Array[] = [];
    let bytes = 0;
    for await (const part of response.body ?? []) {
      parts.push(part as Uint8Array);
      bytes += (part as Uint8Array).length;
      if (bytes > bytesMax) throw new Error('too large');
    }
    return Buffer.concat(parts);
  } catch (cause) {
    throw refused(`${file} cannot be fetched.`, cause);
  }
}
