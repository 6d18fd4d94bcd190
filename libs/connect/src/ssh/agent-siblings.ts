import type { Duplex } from 'node:stream';
import { agentMessage, bindExtension, siblingExtension, type AgentKey } from './agent-conversation.ts';
import { SshReader, sshString } from './ssh-wire.ts';

/** An answer is as long as a list of a few keys. */
const answerBytesMax = 256 * 1024;

/**
 * The keys that another agent of ours has for a connection to the server with this host key (as on the wire; undefined where the asker did not tell). `open` leads to
 * it, for each question anew. Empty where it has none or does not answer.
 */
export async function keysOfSibling(
  open: () => Duplex,
  hostKey: Buffer | undefined,
): Promise<readonly AgentKey[]> {
  const answer = await asked(open(), hostKey, Buffer.of(agentMessage.requestIdentities));
  const reader = new SshReader(answer.subarray(1));
  const count = answer[0] === agentMessage.identities ? (reader.number() ?? 0) : 0;
  const keys: AgentKey[] = [];
  for (let left = count; left > 0; left -= 1) {
    const blob = reader.string();
    // The comment.
    reader.string();
    if (blob === undefined) break;
    keys.push({ blob, signature: (data, flags) => signed(open(), hostKey, { blob, data, flags }) });
  }
  return keys;
}

async function signed(
  stream: Duplex,
  hostKey: Buffer | undefined,
  { blob, data, flags }: { blob: Buffer; data: Uint8Array; flags: number },
): Promise<Buffer | undefined> {
  const wanted = Buffer.alloc(4);
  wanted.writeUInt32BE(flags);
  const fields = [sshString(blob), sshString(data), wanted];
  const answer = await asked(
    stream,
    hostKey,
    Buffer.concat([Buffer.of(agentMessage.signRequest), ...fields]),
  );
  return answer[0] === agentMessage.signature ? new SshReader(answer.subarray(1)).string() : undefined;
}

/** One question as a sibling; resolves with the answer to it, empty when the other end has gone. */
function asked(stream: Duplex, hostKey: Buffer | undefined, question: Buffer): Promise<Buffer> {
  const told = [extension(siblingExtension)];
  if (hostKey !== undefined)
    told.push(extension(bindExtension, sshString(hostKey), sshString(''), sshString(''), Buffer.of(0)));
  return new Promise((resolve) => {
    let rest = Buffer.alloc(0);
    // Each of what is told is answered too.
    let before = told.length;
    const done = (answer: Buffer) => {
      stream.destroy();
      resolve(answer);
    };
    stream.on('error', () => done(Buffer.alloc(0))).on('close', () => done(Buffer.alloc(0)));
    stream.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes]);
      for (;;) {
        const length = rest.length < 4 ? undefined : rest.readUInt32BE(0);
        if (length !== undefined && length > answerBytesMax) return done(Buffer.alloc(0));
        if (length === undefined || rest.length < 4 + length) return;
        const answer = rest.subarray(4, 4 + length);
        rest = rest.subarray(4 + length);
        if (before === 0) return done(answer);
        before -= 1;
      }
    });
    for (const message of [...told, question]) stream.write(sshString(message));
  });
}

function extension(name: string, ...fields: Buffer[]): Buffer {
  return Buffer.concat([Buffer.of(agentMessage.extension), sshString(name), ...fields]);
}
