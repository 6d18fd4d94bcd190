import { createPublicKey, verify } from 'node:crypto';
import type { Socket } from 'node:net';
import { createAgentMux, type AgentMux } from '@sallyport/agent-protocol';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import { carryOver, zstdPacker } from '../src/agent/index.ts';

/** As long as tokens of the control plane are good. */
const tokenMs = 60_000;

/** A companion agent that obeys any token, and behind which everything echoes. For what is served by a TunnelWorld. */
export class AgentDouble {
  readonly mux: AgentMux<string>;

  constructor(effects: Effects) {
    this.mux = createAgentMux<string>({
      agentId: 'agt_1',
      ports: { effects, packer: zstdPacker },
      host: {
        admit: async ({ publicKey, signature, signed, token }) => {
          const key = createPublicKey({ key: { ...publicKey }, format: 'jwk' });
          if (!verify(null, signed, key, signature)) throw new Problem('AGENT_TOKEN_REFUSED');
          return { owner: publicKey.x, expiresAt: effects.clock.now() + tokenMs, grant: token };
        },
        renew: async (token) => ({ owner: '', expiresAt: effects.clock.now() + tokenMs, grant: token }),
        openTcp: (_to, _association, stream) => {
          stream.accept();
          return {
            data: (bytes) => {
              stream.write(bytes);
              stream.consumed(bytes.length);
            },
            end: () => stream.end(),
            reset: () => undefined,
            writable: () => undefined,
          };
        },
      },
    });
  }

  readonly serve = (socket: Socket): void => carryOver(socket, (sink) => this.mux.accept(sink));
}
