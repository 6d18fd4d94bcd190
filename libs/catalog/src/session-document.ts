import { Problem } from '@sallyport/problems';
import type { Catalog, Resource } from './catalog.ts';
import type { NetworkWay } from './network.ts';
import {
  defaultPurpose,
  grantsPurpose,
  purposesOf,
  type ChosenPurpose,
  type LeasePurpose,
} from './session-access.ts';
import { renderShellDocument } from './shell-document.ts';

/** Lower-case hex SHA-256 of the UTF-8 form of a text; handed in, since this library imports no crypto. */
export type Sha256Hex = (text: string) => string;

/** A Session document of SSM with everything a deployment or a comparison needs. */
export interface SessionDocument {
  /**
   * `jit-fwd-` and the first 8 hex digits of SHA-256 over host, a zero byte and port; of a port on the gateway itself
   * `jit-agent-7443`, `jit-forward-22`, `jit-ssh-22` or `jit-port-5432`; of shells and commands `jit-shell-`, `jit-command-` or
   * `jit-interactive-` and the first 8 digits over the content.
   */
  readonly name: string;
  /** The text stored in SSM, byte for byte. */
  readonly content: string;
  /** What DescribeDocument answers as `Hash`: hex SHA-256 of the content. */
  readonly sha256: string;
  /** Null: the gateway itself. */
  readonly host: string | null;
  /** Null: no port is reached, but a shell or a command. */
  readonly port: number | null;
}

/** Where the companion agent and sshd listen on a gateway. */
export const gatewayPorts = { agent: 7443, ssh: 22 } as const satisfies Record<NetworkWay, number>;

/**
 * The document that leads to the agent or the sshd of the gateway itself, on its loopback address, and nowhere else:
 * many conversations share a session, which therefore is of a type that carries several.
 */
export function renderGatewayDocument(way: NetworkWay, sha256: Sha256Hex): SessionDocument {
  return renderInstanceDocument(way === 'ssh' ? 'forward' : 'agent', gatewayPorts[way], sha256);
}

/** The document that leads to a port of the instance itself, on its loopback address, and nowhere else. */
export function renderInstanceDocument(
  prefix: 'agent' | 'forward' | 'port',
  port: number,
  sha256: Sha256Hex,
): SessionDocument {
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
  return { name: `jit-${prefix}-${port}`, content, sha256: sha256(content), host: null, port };
}

/**
 * The document that leads to the sshd of the instance itself. Without `type`, as AWS-StartSSHSession: the session is
 * one stream of bytes that ends with the connection, so that ssh takes it as a ProxyCommand.
 */
export function renderSshDocument(port: number, sha256: Sha256Hex): SessionDocument {
  const content = JSON.stringify(
    {
      schemaVersion: '1.0',
      description: `SSH at port ${port} of the instance itself and nothing else`,
      sessionType: 'Port',
      properties: { portNumber: String(port) },
    },
    undefined,
    2,
  );
  return { name: `jit-ssh-${port}`, content, sha256: sha256(content), host: null, port };
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

type DocumentedResource = Pick<Resource, 'host' | 'port' | 'network' | 'ssh' | 'shell'>;

/**
 * The document of a resource for one purpose, by default the one it is mostly asked for; null when nothing leads there
 * (a subnet that is only listed, a purpose that its grants do not give).
 */
export function documentOf(
  resource: DocumentedResource,
  sha256: Sha256Hex,
  chosen: ChosenPurpose = mostlyChosen(resource),
): SessionDocument | null {
  const { host, port, network, ssh, shell } = resource;
  if (!grantsPurpose(resource, chosen)) return null;
  if (network) return renderGatewayDocument(network.way, sha256);
  if (ssh) return renderSshDocument(ssh.port, sha256);
  if (shell) return renderShellDocument(shell, chosen, sha256);
  if (port === null) return null;
  return host === null
    ? renderInstanceDocument('port', port, sha256)
    : renderSessionDocument({ host, port }, sha256);
}

/** What people mostly ask of a resource: its default purpose, and where that is a list of commands the first. */
export function mostlyChosen(resource: Pick<Resource, 'ssh' | 'shell'>): ChosenPurpose {
  const purpose = defaultPurpose(resource);
  const found = purposesOf(resource).find((chosen) => chosen.purpose === purpose);
  return found ?? { purpose, command: null };
}

/** Every document that grants of a resource lead through, with what each is for. */
export function documentsByPurpose(
  resource: DocumentedResource,
  sha256: Sha256Hex,
): { purpose: LeasePurpose; command: string | null; document: SessionDocument }[] {
  return purposesOf(resource).flatMap((chosen) => {
    const document = documentOf(resource, sha256, chosen);
    return document === null ? [] : [{ ...chosen, document }];
  });
}

/**
 * The documents that the connectable resources of a catalogue need, once per account and region.
 * Throws Problem CATALOG_DOCUMENT_CLASH when two destinations share a name (8 hex digits can collide).
 */
export function documentsOf(catalog: Catalog, sha256: Sha256Hex): DeployedDocument[] {
  const documents = new Map<string, DeployedDocument>();
  for (const resource of catalog.resources) {
    if (!resource.connectable) continue;
    const { region } = resource;
    const accountId = resource.account.id;
    for (const { document } of documentsByPurpose(resource, sha256)) {
      const key = `${accountId}/${region}/${document.name}`;
      const before = documents.get(key);
      if (before !== undefined && before.content !== document.content) {
        const both = `${targetText(before)} and ${targetText(document)}`;
        throw new Problem('CATALOG_DOCUMENT_CLASH', { detail: `${both} are both ${document.name}.` });
      }
      documents.set(key, { ...document, accountId, region });
    }
  }
  return [...documents.values()];
}

function targetText({ host, port }: SessionDocument): string {
  return port === null ? 'one shell' : `${host ?? 'the instance'}:${port}`;
}
