import { Problem } from '@sallyport/problems';
import type { z } from 'zod';
import type { PrincipalSocket } from '../aws/process/remote-principal.ts';
import {
  signedForm,
  Signer,
  signingKeysForm,
  type AgentTokenOrder,
  type RouteGrantOrder,
  type Signed,
  type SigningKeySet,
} from './signer.ts';

/** Asks the signer, which runs as a process of its own. */
export class RemoteSigner extends Signer {
  readonly #socket: PrincipalSocket;
  constructor(socket: PrincipalSocket) {
    super();
    this.#socket = socket;
  }

  keys(): Promise<SigningKeySet> {
    return this.#ask('keys', {}, signingKeysForm);
  }

  signAgentToken(order: AgentTokenOrder): Promise<Signed> {
    return this.#ask('signAgentToken', order, signedForm);
  }

  signRouteGrant(order: RouteGrantOrder): Promise<Signed> {
    return this.#ask('signRouteGrant', order, signedForm);
  }

  /** A signature has no effect but its answer, so a lost one is simply none. */
  async #ask<Form extends z.ZodType>(operation: string, input: object, form: Form): Promise<z.infer<Form>> {
    try {
      return await this.#socket.ask(operation, input, form);
    } catch (error) {
      if (error instanceof Problem && error.code.startsWith('AWS_'))
        throw new Problem('SIGNER_UNAVAILABLE', { retryAfterSeconds: 2, cause: error });
      throw error;
    }
  }
}
