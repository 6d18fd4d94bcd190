import { chownSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { CompanyNetwork, companyNames } from './company-network.ts';
import { laptopUid } from './laptop-of-its-own.ts';
import type { HelpedLaptop, RoutedProduct } from './routed-product.ts';

const uplink = { laptop: '172.31.9.2', site: '172.31.9.1' } as const;
const device = 'up0';

/**
 * A site whose control plane and AWS endpoint (a PrivateLink one) have an address inside a network that people are granted. The laptop reaches them by its default route; it signs in
 * there anew. What was there before comes back with {@link leave}.
 */
export class CompanyInside implements AsyncDisposable {
  readonly #mine: HelpedLaptop;
  readonly #company: CompanyNetwork;
  readonly #before: Readonly<Record<string, string>>;

  private constructor(mine: HelpedLaptop, company: CompanyNetwork) {
    this.#mine = mine;
    this.#company = company;
    this.#before = { ...mine.laptop.env };
  }

  static async join(world: RoutedProduct, mine: HelpedLaptop, address: string): Promise<CompanyInside> {
    const company = await CompanyNetwork.start(world.product);
    const inside = new CompanyInside(mine, company);
    try {
      await inside.#arrive(world, address);
      return inside;
    } catch (error) {
      await inside[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #arrive({ namespaces, product }: RoutedProduct, address: string): Promise<void> {
    const { at, laptop } = this.#mine;
    const site = await namespaces.add();
    await namespaces.link(
      { at, device, addresses: [`${uplink.laptop}/24`] },
      { at: site, device: 'down0', addresses: [`${uplink.site}/24`] },
    );
    await site.ip('addr', 'add', `${address}/32`, 'dev', 'lo');
    await at.ip('route', 'add', 'default', 'via', uplink.site);
    await site.relayPort(this.#company.port, 443, address);
    const names = Object.values(companyNames).map((name) => `${address} ${name}\n`);
    at.writeEtc('hosts', `127.0.0.1 localhost\n::1 localhost\n${names.join('')}`);
    const authority = join(laptop.home, 'authority.pem');
    copyFileSync(this.#company.authorityFile, authority);
    chownSync(authority, laptopUid, laptopUid);
    const { HTTPS_PROXY: _, ...there } = this.#company.environment('');
    Object.assign(laptop.env, there, { NODE_EXTRA_CA_CERTS: authority });
    const login = laptop.tunnel(['login', '--token-stdin'], `${product.as('engineer').account.token}\n`);
    if ((await login.code) !== 0) throw new Error(`login: ${login.stderr}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { at, laptop } = this.#mine;
    await this.#mine.endRuns();
    for (const name of Object.keys(laptop.env)) if (!(name in this.#before)) delete laptop.env[name];
    Object.assign(laptop.env, this.#before);
    at.writeEtc('hosts', '127.0.0.1 localhost\n::1 localhost\n');
    // Its routes go with it, and the other end.
    await at.ip('link', 'del', device).catch(() => undefined);
    await this.#company.close();
  }
}
