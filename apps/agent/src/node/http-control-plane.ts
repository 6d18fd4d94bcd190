import { agentCallScheme, signAgentCall, type TokenSigner } from '@sallyport/grant-token';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import { z } from 'zod';
import type { ControlPlane } from '../ports.ts';

const answerBytesMax = 1024 * 1024;
/** Longer than the 25 s that the server holds a question open. */
const answerWithinMs = 40_000;

const Revocations = z.object({
  revoked: z.array(z.object({ grantId: z.string().max(64) })).max(10_000),
  cursor: z.int(),
});
/** A control plane of an earlier version tells the newest set alone. */
const SigningKeys = z.object({
  keySet: z.string().max(8192).nullish(),
  keySets: z.array(z.string().max(8192)).max(64).default([]),
});

export interface HttpControlPlaneOptions {
  /** Such as `https://sallyport.example`; paths are below `/api`. */
  readonly baseUrl: string;
  readonly agentId: string;
  readonly issuer: string;
  readonly signer: TokenSigner;
  readonly effects: Pick<Effects, 'clock' | 'random'>;
}

/** The control plane over HTTPS; every call but the one for public keys is signed with the agent's key. Failures are SERVER_UNREACHABLE. */
export function httpControlPlane(options: HttpControlPlaneOptions): ControlPlane {
  const { agentId, issuer, signer, effects } = options;
  const base = new URL(options.baseUrl);
  const below = (path: string) => `${base.pathname.replace(/\/$/, '')}/api${path}`;

  const call = async (method: 'GET' | 'POST', path: string, body: string, signal: AbortSignal) => {
    const authorization = await signAgentCall(
      { method, path, body: new TextEncoder().encode(body) },
      { agentId, audience: issuer, jti: effects.random.uuid(), now: effects.clock.now() },
      signer,
    );
    return ask(new URL(path, base), signal, {
      method,
      headers: {
        authorization: `${agentCallScheme} ${authorization}`,
        ...(body === '' ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === '' ? {} : { body }),
    });
  };

  return {
    takeFlows: async (records, signal) => {
      await call('POST', below(`/agents/${agentId}/flows`), JSON.stringify({ records }), signal);
    },
    revocations: async (after, signal) =>
      Revocations.parse(
        await call(
          'GET',
          below(`/agents/${agentId}/revocations${after === null ? '' : `?after=${String(after)}`}`),
          '',
          signal,
        ),
      ),
    keySets: async (signal) => {
      const answer = await ask(new URL(below('/signing-keys'), base), signal, {});
      const { keySet, keySets } = SigningKeys.parse(answer);
      return keySets.length === 0 && keySet ? [keySet] : keySets;
    },
  };
}

/** One request, its answer bounded in time and size. */
export async function ask(url: URL, signal: AbortSignal, init: RequestInit): Promise<unknown> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(answerWithinMs)]);
  let response: Response;
  let text = '';
  try {
    response = await fetch(url, { ...init, redirect: 'error', signal: bounded });
    for await (const piece of response.body ?? []) {
      text += Buffer.from(piece as Uint8Array).toString('latin1');
      if (text.length > answerBytesMax) throw new Error('The answer is too long.');
    }
  } catch (cause) {
    throw new Problem('SERVER_UNREACHABLE', { cause });
  }
  const answer: unknown = text === '' ? {} : parsed(Buffer.from(text, 'latin1').toString('utf8'));
  if (response.ok) return answer;
  const code = (answer as { code?: unknown } | null)?.code;
  throw new Problem('SERVER_UNREACHABLE', {
    detail:
      `The control plane answered ${String(response.status)} ${typeof code === 'string' ? code : ''}`.trim(),
    extensions: { answered: response.status },
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem('SERVER_UNREACHABLE', { detail: 'The answer is no JSON.', cause });
  }
}
