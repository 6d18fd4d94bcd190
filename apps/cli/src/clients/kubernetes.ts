import { join } from 'node:path';
import { authorityOf, type ClientCase, type ClientSettings } from './place.ts';

/**
 * Settings of kubectl and its kin: a kubeconfig that dials the tunnel, checks the cluster's own name, and has this program make a token whenever one is needed. It is
 * JSON, which YAML readers take.
 */
export function kubernetesSettings({ place, folder, program }: ClientCase): ClientSettings {
  const { resource } = place;
  const { cluster, tls } = resource;
  const serverName = cluster?.serverName ?? tls?.serverName ?? resource.host ?? '';
  const authority = cluster?.ca ?? tls?.ca;
  const [command = 'tunnel', ...before] = program;
  const url = `https://${authorityOf(place)}`;
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': resource.name,
    clusters: [
      {
        name: resource.name,
        cluster: {
          server: url,
          'tls-server-name': serverName,
          ...(authority
            ? { 'certificate-authority-data': Buffer.from(authority, 'utf8').toString('base64') }
            : {}),
        },
      },
    ],
    contexts: [{ name: resource.name, context: { cluster: resource.name, user: resource.name } }],
    users: [
      {
        name: resource.name,
        user: {
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1',
            command,
            args: [...before, 'creds', resource.name, '--kubernetes'],
            interactiveMode: 'Never',
          },
        },
      },
    ],
  };
  return {
    url,
    env: { KUBECONFIG: join(folder, 'kubeconfig') },
    clears: (variable) => variable === 'KUBECONFIG',
    files: { kubeconfig: { name: 'kubeconfig', text: JSON.stringify(config, undefined, 2) + '\n' } },
  };
}
