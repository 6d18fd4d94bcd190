/** What a client has to know of a resource, as the catalogue tells it. */
export interface ReachedResource {
  readonly name: string;
  /** The true endpoint inside the network. */
  readonly host: string | null;
  readonly port: number | null;
  readonly region?: string;
  readonly protocol?: string | null;
  readonly database?: { readonly name: string; readonly role: string; readonly auth?: string } | null;
  /** Set when the resource speaks TLS: the name its certificate bears, and the authority (PEM) if it is not a public one. */
  readonly tls?: { readonly serverName?: string | null; readonly ca?: string | null } | null;
  /** Whom to sign in as. */
  readonly ssh?: { readonly user: string } | null;
  readonly cluster?: {
    readonly name: string;
    readonly serverName?: string | null;
    readonly ca?: string | null;
  } | null;
}

/** Where a tunnel is reached on this machine. */
export interface TunnelPlace {
  readonly resource: ReachedResource;
  /** Address and port of the listener; for a socket the words clients take in their place. */
  readonly host: string;
  readonly port: number;
  /** Path of the Unix socket, when the tunnel listens on one instead of a port. */
  readonly socket: string | null;
}

/** A file that only the owner reads, made for the clients of one tunnel. */
export interface HandedFile {
  readonly name: string;
  readonly text: string;
}

/** Everything the clients of one protocol need. */
export interface ClientSettings {
  /** The address to paste. Holds no secret; it may name a file that does. */
  readonly url: string;
  /** Variables of the program's environment, without secrets. */
  readonly env: Readonly<Record<string, string>>;
  /** Variables of another server that would lead the program astray. */
  readonly clears: (variable: string) => boolean;
  /** By what `{...}` in the program's arguments calls them. */
  readonly files: Readonly<Record<string, HandedFile>>;
}

/** What makes settings: the place, the folder its files will lie in, and the password if there is one. */
export interface ClientCase {
  readonly place: TunnelPlace;
  readonly folder: string;
  /** A token that serves as the password; undefined where none is needed or known. */
  readonly password: string | undefined;
  /** Path of the system's bundle of public authorities; undefined when none was found. */
  readonly publicAuthorities: string | undefined;
  /** How this program is started again, for clients that call it for a token. */
  readonly program: readonly string[];
}

/** An address and port as they stand in a URL. */
export function authorityOf({ host, port }: Pick<TunnelPlace, 'host' | 'port'>): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Address a client on this machine dials for a listener bound to `host`: a wildcard is not dialled. */
export function dialled(host: string): string {
  return host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
}
