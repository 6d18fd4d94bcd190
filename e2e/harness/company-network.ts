import { createServer, type Server } from 'node:https';
import { request as ask } from 'node:http';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certified } from '../../libs/connect/test/certificate-authority.ts';
import { ConnectProxy } from '../../libs/connect/test/connect-proxy.ts';
import type { Product } from './product.ts';

/** Names that only the proxy can resolve. */
export const companyNames = { server: 'sallyport.company.test', aws: 'aws.company.test' } as const;

/**
 * A laptop in a company: the control plane and AWS have names that only an HTTP proxy reaches, and speak TLS with a certificate of the company's
 * own authority.
 */
export class CompanyNetwork {
  readonly proxy: ConnectProxy;
  /** A file for NODE_EXTRA_CA_CERTS. */
  readonly authorityFile: string;
  readonly #front: Server;
  readonly #folder: string;

  private constructor(proxy: ConnectProxy, front: Server, folder: string) {
    this.proxy = proxy;
    this.#front = front;
    this.#folder = folder;
    this.authorityFile = join(folder, 'authority.pem');
  }

  static async start(product: Product): Promise<CompanyNetwork> {
    const { ca, server } = await certified(Object.values(companyNames));
    const front = createServer(server);
    const behind = (host: string | undefined) =>
      new URL(host?.startsWith(companyNames.aws) ? product.installation.awsEndpoint : product.apiUrl);
    front.on('request', (request, response) => {
      const { hostname, port } = behind(request.headers.host);
      const { method, url, headers } = request;
      const onward = ask({ host: hostname, port, method, path: url, headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          // The emulated AWS names its gateway by the host it was asked at, without TLS; here TLS stands before it.
          const body = Buffer.concat(chunks)
            .toString()
            .replaceAll(`ws://${companyNames.aws}`, `wss://${companyNames.aws}`);
          const { 'content-length': _, 'transfer-encoding': __, ...rest } = answer.headers;
          response
            .writeHead(answer.statusCode ?? 502, { ...rest, 'content-length': Buffer.byteLength(body) })
            .end(body);
        });
      });
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    });
    front.on('upgrade', (request, near, head) => {
      const { hostname, port } = behind(request.headers.host);
      const far = connect(Number(port), hostname, () => {
        const lines = Array.from({ length: request.rawHeaders.length / 2 }, (_, n) =>
          request.rawHeaders.slice(2 * n, 2 * n + 2).join(': '),
        );
        far.write([`GET ${request.url} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
        far.write(head);
        near.pipe(far).pipe(near);
      });
      near.on('error', () => far.destroy());
      near.on('close', () => far.destroy());
      far.on('error', () => near.destroy());
      far.on('close', () => near.destroy());
    });
    await once(front.listen(0, '127.0.0.1'), 'listening');
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-company-'));
    writeFileSync(join(folder, 'authority.pem'), ca);
    return new CompanyNetwork(await ConnectProxy.start((front.address() as AddressInfo).port), front, folder);
  }

  /** Where both names end, on this machine. */
  get port(): number {
    return (this.#front.address() as AddressInfo).port;
  }

  /** What the laptop's environment holds. */
  environment(credentials: string): Record<string, string> {
    return {
      TUNNEL_SERVER: `https://${companyNames.server}`,
      TUNNEL_AWS_ENDPOINT: `https://${companyNames.aws}`,
      HTTPS_PROXY: this.proxy.url(credentials),
      NODE_EXTRA_CA_CERTS: this.authorityFile,
    };
  }

  async close(): Promise<void> {
    await this.proxy.close();
    this.#front.closeAllConnections();
    await new Promise((done) => this.#front.close(done));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
