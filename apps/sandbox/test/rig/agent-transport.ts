import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { WebSocket } from 'ws';

export interface AgentTransportOptions {
  /** `https://HOST:PORT`. */
  readonly endpoint: string;
  readonly region: string;
  readonly caFile: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** HTTPS and WSS as an agent uses them: trusted by the authority's file, signed with the headers that it signs. */
export class AgentTransport {
  readonly #options: AgentTransportOptions;
  readonly #url: URL;
  readonly #ca: Buffer;

  constructor(options: AgentTransportOptions) {
    this.#options = options;
    this.#url = new URL(options.endpoint);
    this.#ca = readFileSync(options.caFile);
  }

  /** Sends a POST; `headers` are signed beside host and date, and nothing else is. */
  async post(
    service: string,
    path: string,
    headers: Record<string, string>,
    body: string,
  ): Promise<HttpAnswer> {
    const signed = await this.#sign(service, 'POST', path, headers, body);
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: this.#url.hostname,
          port: this.#url.port,
          path,
          method: 'POST',
          headers: signed,
          ca: this.#ca,
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () =>
            resolve({
              status: response.statusCode ?? 0,
              contentType: response.headers['content-type'] ?? '',
              body: Buffer.concat(chunks).toString('utf8'),
            }),
          );
        },
      );
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  /** Opens a WebSocket on a path with its query; rejects with `HTTP <status>` when the upgrade is refused. */
  async open(path: string): Promise<WebSocket> {
    const { host: _, ...headers } = await this.#sign('ssmmessages', 'GET', path, {}, '');
    const socket = new WebSocket(`wss://${this.#url.host}${path}`, {
      headers,
      ca: this.#ca,
      perMessageDeflate: false,
      autoPong: true,
    });
    return new Promise((resolve, reject) => {
      socket.once('open', () => resolve(socket));
      socket.once('error', reject);
      socket.once('unexpected-response', (_request, response) => {
        reject(new Error(`HTTP ${response.statusCode}`));
        response.resume();
        socket.terminate();
      });
    });
  }

  async #sign(
    service: string,
    method: string,
    path: string,
    headers: Record<string, string>,
    body: string,
  ): Promise<Record<string, string>> {
    const { region, credentials } = this.#options;
    const url = new URL(path, this.#options.endpoint);
    const signer = new SignatureV4({ service, region, credentials, sha256: Sha256, applyChecksum: false });
    const { headers: signed } = await signer.sign(
      new HttpRequest({
        method,
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: { host: url.host, ...headers },
        body,
      }),
    );
    return signed;
  }
}
