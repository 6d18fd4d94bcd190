import type { Duplex } from 'node:stream';
import { SshReader, sshString } from './ssh-wire.ts';

/** A key that an agent signs with: one of its own, or one of another agent of ours. */
export interface AgentKey {
  /** The public key as on the wire. */
  readonly blob: Buffer;
  /** A signature as on the wire; undefined where none is made. `flags` are those of the request. */
  signature(data: Uint8Array, flags: number): Buffer | undefined | Promise<Buffer | undefined>;
}

/** What an asker has told of itself. */
export interface Asker {
  /** Host key (as on the wire) of the connection that it asks for; OpenSSH tells it since 8.9. */
  readonly hostKey: Buffer | undefined;
  /** It is another agent of ours, which wants to know of no third one. */
  readonly sibling: boolean;
}

/** What an agent offers: its keys, asked for anew with every request. May take its time; a refusal is a failure to the asker. */
export interface OfferedKeys {
  keys(asker: Asker): Promise<readonly AgentKey[]>;
  /** A signature was made with a key. */
  used?(key: AgentKey): void;
}

/** Messages of the agent protocol (RFC 9987 section 7.1) that are understood; every other is a failure. */
export const agentMessage = {
  failure: 5,
  requestIdentities: 11,
  identities: 12,
  signRequest: 13,
  signature: 14,
  extension: 27,
} as const;
/** By this OpenSSH (8.9 and later) tells an agent for which connection it is asked, and whether from the far side of it (its PROTOCOL.agent, section 1). */
export const bindExtension = 'session-bind@openssh.com';
/** By this an agent of ours says that it is one. */
export const siblingExtension = 'sibling@sallyport';
/** What is signed holds a public key and a session id; OpenSSH's own agent takes 256 KiB. */
const requestBytesMax = 256 * 1024;

/**
 * Answers an SSH client as its agent. Nothing can be added, removed or locked; requests are answered in order. Who says that it asks on behalf of the far side
 * (`ssh -A`) is offered nothing, from then on.
 */
export function converseAsAgent(stream: Duplex, offered: OfferedKeys, comment: string): void {
  let rest = Buffer.alloc(0);
  let turn = Promise.resolve();
  let asked = offered;
  let asker: Asker = { hostKey: undefined, sibling: false };
  stream.on('error', () => stream.destroy());
  stream.on('data', (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes]);
    for (;;) {
      const length = rest.length < 4 ? undefined : rest.readUInt32BE(0);
      if (length !== undefined && (length === 0 || length > requestBytesMax)) return void stream.destroy();
      if (length === undefined || rest.length < 4 + length) return;
      const request = rest.subarray(4, 4 + length);
      rest = rest.subarray(4 + length);
      const told = readExtension(request);
      if (told.forwarding) asked = nothing;
      asker = { hostKey: told.hostKey ?? asker.hostKey, sibling: told.sibling || asker.sibling };
      const question = { request, offered: asked, asker, comment };
      turn = turn
        .then(() => answer(question))
        .catch(() => Buffer.of(agentMessage.failure))
        .then((reply) => void (stream.writable && stream.write(sshString(reply))));
    }
  });
  stream.on('end', () => void turn.then(() => stream.end()));
}

const nothing: OfferedKeys = { keys: async () => [] };

/** What an extension tells of its asker; what cannot be read to its end does not say that it comes from here. */
function readExtension(request: Buffer): Partial<Asker> & { readonly forwarding?: boolean } {
  if (request[0] !== agentMessage.extension) return {};
  const reader = new SshReader(request.subarray(1));
  const name = reader.text();
  if (name === siblingExtension) return { sibling: true };
  if (name !== bindExtension) return {};
  const hostKey = reader.string();
  // Session and signature: nothing is granted by a binding, so they are not looked at.
  for (let field = 0; field < 2; field += 1) reader.string();
  return { hostKey: hostKey && Buffer.from(hostKey), forwarding: reader.byte() !== 0 };
}

interface Question {
  readonly request: Buffer;
  readonly offered: OfferedKeys;
  readonly asker: Asker;
  readonly comment: string;
}

async function answer({ request, offered, asker, comment }: Question): Promise<Buffer> {
  const reader = new SshReader(request.subarray(1));
  if (request[0] === agentMessage.requestIdentities) {
    const keys = await offered.keys(asker);
    const count = Buffer.alloc(4);
    count.writeUInt32BE(keys.length);
    const entries = keys.flatMap(({ blob }) => [sshString(blob), sshString(comment)]);
    return Buffer.concat([Buffer.of(agentMessage.identities), count, ...entries]);
  }
  if (request[0] !== agentMessage.signRequest) return Buffer.of(agentMessage.failure);
  const [blob, data, flags = 0] = [reader.string(), reader.string(), reader.number()];
  const key = (await offered.keys(asker)).find((known) => blob?.equals(known.blob));
  const signature = data && (await key?.signature(data, flags));
  if (!key || !signature) return Buffer.of(agentMessage.failure);
  offered.used?.(key);
  return Buffer.concat([Buffer.of(agentMessage.signature), sshString(signature)]);
}
