import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Problem } from '@sallyport/problems';
import type { ListenAddress } from './attached-agent/listener.ts';
import type { SandboxOptions } from './sandbox.ts';

const usualWorld = fileURLToPath(new URL('../../../config/world.yaml', import.meta.url));

/** Reads the command line. Throws Problem SANDBOX_OPTION_INVALID. */
export function readOptions(args: readonly string[]): SandboxOptions {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        data: { type: 'string' },
        port: { type: 'string', default: '0' },
        world: { type: 'string', default: usualWorld },
        'no-pacing': { type: 'boolean', default: false },
        'allow-unsigned': { type: 'boolean', default: false },
        control: { type: 'boolean', default: false },
        'no-databases': { type: 'boolean', default: false },
        'agent-listen': { type: 'string' },
      },
    }));
  } catch (cause) {
    throw new Problem('SANDBOX_OPTION_INVALID', { cause });
  }
  const port = Number(values.port);
  if (values.data === undefined)
    throw new Problem('SANDBOX_OPTION_INVALID', { detail: '--data DIR is missing.' });
  if (!/^\d{1,5}$/.test(values.port) || port > 65_535)
    throw new Problem('SANDBOX_OPTION_INVALID', { detail: '--port is not a port.' });
  return {
    dataDir: values.data,
    port,
    worldFile: values.world,
    paced: !values['no-pacing'],
    allowUnsigned: values['allow-unsigned'],
    control: values.control,
    databases: !values['no-databases'],
    ...(values['agent-listen'] === undefined ? {} : { agentListen: listenAddress(values['agent-listen']) }),
  };
}

/** `127.0.0.1:9443`, `localhost:0`, `[::1]:9443`: whoever reaches this port may try to be an agent, so it stays on this machine. */
function listenAddress(text: string): ListenAddress {
  const [, bracketed, plain, digits = ''] = /^(?:\[([0-9a-f:]+)\]|([\w.-]+)):(\d{1,5})$/i.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port > 65_535)
    throw new Problem('SANDBOX_OPTION_INVALID', { detail: '--agent-listen is not HOST:PORT.' });
  if (host !== 'localhost' && host !== '::1' && !/^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host))
    throw new Problem('SANDBOX_OPTION_INVALID', { detail: '--agent-listen listens on loopback only.' });
  return { host, port };
}
