import { routesWithin, type Catalog, type NetworkRoute, type Resource } from '@sallyport/catalog';
import type { Clock } from '@sallyport/effects';
import { limits as tokenLimits, signAgentToken, signRouteGrant } from '@sallyport/grant-token';
import { Problem } from '@sallyport/problems';
import type { Operation } from '../aws/process/operations.ts';
import type { KeyFolder } from './key-folder.ts';
import {
  agentTokenOrderForm,
  routeGrantOrderForm,
  Signer,
  type AgentTokenOrder,
  type RouteGrantOrder,
  type Signed,
  type SigningKeySet,
} from './signer.ts';

/** Conversations at a time through one token. */
const streamsMax = 1024;
/** The largest that any system's device takes. */
const mtuMax = 65_535;

/** Signs with the keys of a folder, for what the catalogue offers and nothing wider. */
export class CatalogueSigner extends Signer {
  readonly #keys: KeyFolder;
  readonly #catalog: Catalog;
  readonly #clock: Clock;

  constructor(keys: KeyFolder, catalog: Catalog, clock: Clock) {
    super();
    this.#keys = keys;
    this.#catalog = catalog;
    this.#clock = clock;
  }

  keys(): Promise<SigningKeySet> {
    return Promise.resolve(this.#keys.published(this.#clock.now()));
  }

  async signAgentToken(order: AgentTokenOrder): Promise<Signed> {
    const { network } = this.#resource(order.resource);
    if (network?.way !== 'agent') throw refused('this resource is not reached through an agent');
    this.#demandOffered(order.network, network);
    const times = this.#times(order.endsAt, tokenLimits.agentTokenSecondsMax);
    const signer = this.#keys.signer(this.#clock.now());
    const claims = {
      ...{ iss: this.#keys.issuer, aud: order.agentId, jti: order.jti, sub: order.grantId },
      ...{ usr: order.personId, nbf: times.nbf, exp: times.exp, cnf: { jkt: order.jkt } },
      ...{ allow: order.network.routes, suffixes: order.network.suffixes, max_streams: streamsMax },
      ...(network.maxBps === null ? {} : { max_bps: network.maxBps }),
    };
    const token = await signAgentToken(claims, signer);
    return { token, expiresAt: times.exp * 1000, kid: signer.kid };
  }

  async signRouteGrant(order: RouteGrantOrder): Promise<Signed> {
    const resource = this.#resource(order.resource);
    if ((resource.network === null) !== (order.network === null))
      throw refused('the resource has another shape now');
    if (order.network && resource.network) this.#demandOffered(order.network, resource.network);
    const times = this.#times(order.endsAt, tokenLimits.routeGrantSecondsMax);
    const signer = this.#keys.signer(this.#clock.now());
    const resolver = resource.network?.resolver;
    const claims = {
      ...{ iss: this.#keys.issuer, aud: 'sallyport-helper' as const, jti: order.jti, sub: order.grantId },
      ...{ usr: order.personId, nbf: times.nbf, exp: times.exp, device: { mtuMax } },
      ...(order.network
        ? { routes: order.network.routes, names: [], suffixes: order.network.suffixes, virtual: false }
        : { routes: [], names: [{ name: resource.name, address: null }], suffixes: [], virtual: true }),
      ...(order.network && resolver ? { resolver } : {}),
    };
    return { token: await signRouteGrant(claims, signer), expiresAt: times.exp * 1000, kid: signer.kid };
  }

  #resource(name: string): Resource {
    const resource = this.#catalog.resources.find((one) => one.name === name && one.connectable);
    if (!resource) throw refused('the catalogue offers no such resource');
    return resource;
  }

  /** What was approved may have become more than the catalogue offers now; it is never signed then. */
  #demandOffered(
    asked: { readonly routes: readonly unknown[]; readonly suffixes: readonly string[] },
    offered: { readonly routes: readonly NetworkRoute[]; readonly suffixes: readonly string[] },
  ): void {
    const names = asked.suffixes.every((suffix) => offered.suffixes.includes(suffix));
    if (!names || !routesWithin(asked.routes as readonly NetworkRoute[], offered.routes))
      throw refused('the catalogue offers less now than was granted; ask for it again');
  }

  #times(endsAt: number, secondsMax: number): { nbf: number; exp: number } {
    const nbf = Math.floor(this.#clock.now() / 1000);
    const exp = Math.min(Math.floor(endsAt / 1000), nbf + secondsMax);
    if (exp <= nbf) throw refused('the grant is over');
    return { nbf, exp };
  }
}

/** What the signer's process can be asked. */
export function signerOperations(signer: Signer): Readonly<Record<string, Operation>> {
  return {
    keys: () => signer.keys(),
    signAgentToken: (input) => signer.signAgentToken(agentTokenOrderForm.parse(input)),
    signRouteGrant: (input) => signer.signRouteGrant(routeGrantOrderForm.parse(input)),
  };
}

function refused(detail: string): Problem {
  return new Problem('SIGNER_REFUSED', { detail: `The signer refused: ${detail}.` });
}
