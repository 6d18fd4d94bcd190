import { createConnection, type Socket } from 'node:net';
import type { Timers } from '@sallyport/effects';
import { entryOf, Problem, type ProblemCode } from '@sallyport/problems';
import type { z } from 'zod';
import {
  GatewayInventory,
  type BucketAsDeployed,
  type BucketSearch,
  type DocumentAsDeployed,
  type DocumentSearch,
  type GatewayInstance,
  type GatewaySearch,
  type LogGroupAsDeployed,
  type LogGroupSearch,
} from '../inventory/gateway-inventory.ts';
import { LeaseIssuer, type IssuedLease, type LeaseOrder } from '../issuer/lease-issuer.ts';
import {
  SessionRevoker,
  type Denied,
  type DenyOrder,
  type SessionEnd,
  type SessionSearch,
  type SsmSession,
} from '../revoker/session-revoker.ts';
import { HostProvisioner, type HostAnswer, type HostOrder } from '../provisioner/host-provisioner.ts';
import { operationForms } from './operations.ts';
import { answerForm, answerWaitMs, lineBytesMax } from './socket-form.ts';

/** Asks a principal that runs as a process of its own. */
export class PrincipalSocket {
  readonly #path: string;
  readonly #timers: Timers;

  constructor(path: string, timers: Timers) {
    this.#path = path;
    this.#timers = timers;
  }

  /** Refuses as the principal does; AWS_UNAVAILABLE when it does not run, AWS_ANSWER_LOST when it broke off. */
  async ask<Form extends z.ZodType>(operation: string, input: unknown, form: Form): Promise<z.infer<Form>> {
    const socket = await this.#connect();
    const patience = this.#timers.after(answerWaitMs, () => socket.destroy());
    try {
      socket.end(`${JSON.stringify({ operation, input })}\n`);
      const answer = answerForm.parse(JSON.parse(await readAll(socket)));
      if (!answer.ok) throw this.#problem(answer.code, answer.detail);
      return form.parse(answer.output);
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw new Problem('AWS_ANSWER_LOST', { cause: error });
    } finally {
      this.#timers.cancel(patience);
      socket.destroy();
    }
  }

  #problem(code: string, detail: string | undefined): Problem {
    return new Problem(entryOf(code) ? (code as ProblemCode) : 'AWS_ANSWER_LOST', detail ? { detail } : {});
  }

  #connect(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      // Half open: our end of the connection says that the question is whole.
      const socket = createConnection({ path: this.#path, allowHalfOpen: true }, () => resolve(socket));
      socket.once('error', (cause) => reject(new Problem('AWS_UNAVAILABLE', { cause })));
    });
  }
}

async function readAll(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > lineBytesMax) throw new Error('line too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export class RemoteLeaseIssuer extends LeaseIssuer {
  readonly #socket: PrincipalSocket;
  constructor(socket: PrincipalSocket) {
    super();
    this.#socket = socket;
  }
  issue(order: LeaseOrder): Promise<IssuedLease> {
    return this.#socket.ask('issue', order, operationForms.issuer.issue.output);
  }
}

export class RemoteSessionRevoker extends SessionRevoker {
  readonly #socket: PrincipalSocket;
  constructor(socket: PrincipalSocket) {
    super();
    this.#socket = socket;
  }
  list(search: SessionSearch): Promise<SsmSession[]> {
    return this.#socket.ask('list', search, operationForms.revoker.list.output);
  }
  async terminate(end: SessionEnd): Promise<void> {
    await this.#socket.ask('terminate', end, operationForms.revoker.terminate.output);
  }
  deny(order: DenyOrder): Promise<Denied> {
    return this.#socket.ask('deny', order, operationForms.revoker.deny.output);
  }
}

export class RemoteGatewayInventory extends GatewayInventory {
  readonly #socket: PrincipalSocket;
  constructor(socket: PrincipalSocket) {
    super();
    this.#socket = socket;
  }
  find(search: GatewaySearch): Promise<GatewayInstance[]> {
    return this.#socket.ask('find', search, operationForms.inventory.find.output);
  }
  readDocument(search: DocumentSearch): Promise<DocumentAsDeployed> {
    return this.#socket.ask('readDocument', search, operationForms.inventory.readDocument.output);
  }
  readLogGroup(search: LogGroupSearch): Promise<LogGroupAsDeployed> {
    return this.#socket.ask('readLogGroup', search, operationForms.inventory.readLogGroup.output);
  }
  readBucket(search: BucketSearch): Promise<BucketAsDeployed> {
    return this.#socket.ask('readBucket', search, operationForms.inventory.readBucket.output);
  }
}

export class RemoteHostProvisioner extends HostProvisioner {
  readonly #socket: PrincipalSocket;
  constructor(socket: PrincipalSocket) {
    super();
    this.#socket = socket;
  }
  run(order: HostOrder): Promise<HostAnswer> {
    return this.#socket.ask('run', order, operationForms.provisioner.run.output);
  }
}
