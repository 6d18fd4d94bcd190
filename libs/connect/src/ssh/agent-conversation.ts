import type { Duplex } from 'node:stream';
import type { MemoryKey } from './memory-key.ts';
import { SshReader, sshString } from './ssh-wire.ts';

/** What an agent offers: its keys, asked for anew in every conversation. May take its time; a refusal is a failure to the asker. */
export interface OfferedKeys {
  keys(): Promise<readonly MemoryKey[]>;
  /** A signature was made with a key. */
  used?(key: MemoryKey): void;
}

/** Messages of the agent protocol (RFC 9987 section 7.1) that are understood; every other is a failure. */
const message = {
  failure: 5,
  requestIdentities: 11,
  identities: 12,
  signRequest: 13,
  signature: 14,
  extension: 27,
} as const;
/** By this OpenSSH (8.9 and later) tells an agent for which connection it is asked, and whether from the far side of it (its PROTOCOL.agent, section 1). */
const bindExtension = 'session-bind@openssh.com';
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
  stream.on('error', () => stream.destroy());
  stream.on('data', (bytes: Buffer) => {
    rest = Buffer.concat([rest, bytes]);
    for (;;) {
      const length = rest.length < 4 ? undefined : rest.readUInt32BE(0);
      if (length !== undefined && (length === 0 || length > requestBytesMax)) return void stream.destroy();
      if (length === undefined || rest.length < 4 + length) return;
      const request = rest.subarray(4, 4 + length);
      rest = rest.subarray(4 + length);
      if (isForwarding(request)) asked = nothing;
      const keys = asked;
      turn = turn
        .then(() => answer(request, keys, comment))
        .catch(() => Buffer.of(message.failure))
        .then((reply) => void (stream.writable && stream.write(sshString(reply))));
    }
  });
  stream.on('end', () => void turn.then(() => stream.end()));
}

const nothing: OfferedKeys = { keys: async () => [] };

/** Whether this says that what follows comes from the far side; what cannot be read to its end does not say that it comes from here. */
function isForwarding(request: Buffer): boolean {
  const reader = new SshReader(request.subarray(1));
  if (request[0] !== message.extension || reader.text() !== bindExtension) return false;
  // Host key, session and signature: nothing is granted by a binding, so they are not looked at.
  for (let field = 0; field < 3; field += 1) reader.string();
  return reader.byte() !== 0;
}

async function answer(request: Buffer, offered: OfferedKeys, comment: string): Promise<Buffer> {
  const reader = new SshReader(request.subarray(1));
  if (request[0] === message.requestIdentities) {
    const keys = await offered.keys();
    const count = Buffer.alloc(4);
    count.writeUInt32BE(keys.length);
    const entries = keys.flatMap(({ blob }) => [sshString(blob), sshString(comment)]);
    return Buffer.concat([Buffer.of(message.identities), count, ...entries]);
  }
  if (request[0] !== message.signRequest) return Buffer.of(message.failure);
  const [blob, data, flags = 0] = [reader.string(), reader.string(), reader.number()];
  const key = (await offered.keys()).find((known) => blob?.equals(known.blob));
  const signature = data && key?.signature(data, flags);
  if (!key || !signature) return Buffer.of(message.failure);
  offered.used?.(key);
  return Buffer.concat([Buffer.of(message.signature), sshString(signature)]);
}
