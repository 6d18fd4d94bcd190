import { Problem } from '@sallyport/problems';
import type { Catalog, Resource } from './catalog.ts';
import type { NetworkWay } from './network.ts';

/** Lower-case hex SHA-256 of the UTF-8 form of a text; handed in, since this library imports no crypto. */
export type Sha256Hex = (text: string) => string;

/** A Session document of SSM with everything a deployment or a comparison needs. */
export interface SessionDocument {
  /**
   * `jit-fwd-` and the first 8 hex digits of SHA-256 over host, a zero byte and port; of a port on the gateway itself
   * `jit-agent-7443` or `jit-ssh-22`.
   */
  readonly name: string;
  /** The text stored in SSM, byte for byte. */
  readonly content: string;
  /** What DescribeDocument answers as `Hash`: hex SHA-256 of the content. */
  readonly sha256: string;
  /** Null: the gateway itself. */
  readonly host: string | null;
  readonly port: number;
}

/** Where the companion agent and sshd listen on a gateway. */
export const gatewayPorts = { agent: 7443, ssh: 22 } as const satisfies Record<NetworkWay, number>;

/** The document that leads to the agent or the sshd of the gateway itself, on its loopback address, and nowhere else. */
export function renderGatewayDocument(way: NetworkWay, sha256: Sha256Hex): SessionDocument {
  const port = gatewayPorts[way];
  const content = JSON.stringify(
    {
      schemaVersion: '1.0',
      description: `Port ${port} of the instance itself and nothing else`,
      sessionType: 'Port',
      properties: { type: 'LocalPortForwarding', portNumber: String(port) },
    },
    undefined,
    2,
  );
  return { name: `jit-${way}-${port}`, content, sha256: sha256(content), host: null, port };
}

/** A Session document together with where it is deployed. */
export interface DeployedDocument extends SessionDocument {
  readonly accountId: string;
  readonly region: string;
}

/** The name of the document that leads to host:port and nowhere else. */
export function documentName(host: string, port: number, sha256: Sha256Hex): string {
  return `jit-fwd-${sha256(`${host}\0${port}`).slice(0, 8)}`;
}

/**
 * The pinned Session document of a destination. Host and port are literals and there are no parameters: the agent
 * substitutes parameters by name into the document's own text and merges nothing else, so a caller cannot change
 * where it leads. The text depends on host and port alone, so resources at one destination share one document.
 */
export function renderSessionDocument(
  destination: { readonly host: string; readonly port: number },
  sha256: Sha256Hex,
): SessionDocument {
  const { host, port } = destination;
  const content = JSON.stringify(
    {
      schemaVersion: '1.0',
      description: `Port forwarding to ${host}:${port} and nowhere else`,
      sessionType: 'Port',
      properties: { type: 'LocalPortForwarding', host, portNumber: String(port) },
    },
    undefined,
    2,
  );
  return { name: documentName(host, port, sha256), content, sha256: sha256(content), host, port };
}

/** The document of a resource, or null when nothing leads there (a shell, a subnet that is only listed). */
export function documentOf(
  resource: Pick<Resource, 'host' | 'port' | 'network'>,
  sha256: Sha256Hex,
): SessionDocument | null {
  const { host, port, network } = resource;
  if (network) return renderGatewayDocument(network.way, sha256);
  return host === null || port === null ? null : renderSessionDocument({ host, port }, sha256);
}

/**
 * The documents that the connectable resources of a catalogue need, once per account and region.
 * Throws Problem CATALOG_DOCUMENT_CLASH when two destinations share a name (8 hex digits can collide).
 */
export function documentsOf(catalog: Catalog, sha256: Sha256Hex): DeployedDocument[] {
  const documents = new Map<string, DeployedDocument>();
  for (const resource of catalog.resources) {
    const document = resource.connectable ? documentOf(resource, sha256) : null;
    if (document === null) continue;
    const { region } = resource;
    const accountId = resource.account.id;
    const key = `${accountId}/${region}/${document.name}`;
    const before = documents.get(key);
    if (before !== undefined && before.content !== document.content) {
      const detail = `${before.host}:${before.port} and ${document.host}:${document.port} are both ${document.name}.`;
      throw new Problem('CATALOG_DOCUMENT_CLASH', { detail });
    }
    documents.set(key, { ...document, accountId, region });
  }
  return [...documents.values()];
}
