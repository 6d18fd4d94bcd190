import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import type { Random } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { NameAnswer } from '@sallyport/tunnel';
import packet, { type DecodedPacket } from 'dns-packet';

export interface ResolverAddress {
  readonly address: string;
  readonly port: number;
}

/** The largest answer that is read; addresses of one name fit many times over. */
const answerBytesMax = 16 * 1024;
/** A question is repeated over UDP after so long, twice. */
const repeatAfterMs = 1_500;

/**
 * Asks one resolver for the addresses of one name, over UDP with an unguessable id and port, over TCP where the answer was cut short. Only an
 * answer to this very question counts. Refuses FLOW_TIMED_OUT when `signal` aborts and FLOW_UNREACHABLE.
 */
export async function askResolver(
  resolver: ResolverAddress,
  name: string,
  type: 'A' | 'AAAA',
  random: Random,
  signal: AbortSignal,
): Promise<NameAnswer> {
  const [high = 0, low = 0] = random.bytes(2);
  const id = high * 256 + low;
  const question = packet.encode({
    type: 'query',
    id,
    flags: packet.RECURSION_DESIRED,
    questions: [{ type, name }],
    additionals: [
      {
        type: 'OPT',
        name: '.',
        udpPayloadSize: 1232,
        extendedRcode: 0,
        ednsVersion: 0,
        flags: 0,
        flag_do: false,
        options: [],
      },
    ],
  });
  const isMine = (bytes: Uint8Array): DecodedPacket | undefined => {
    const decoded = decode(bytes);
    const [asked] = decoded?.questions ?? [];
    const mine =
      decoded?.type === 'response' &&
      decoded.id === id &&
      asked?.type === type &&
      asked.name.toLowerCase() === name.toLowerCase();
    return mine ? decoded : undefined;
  };
  const short = await askUdp(resolver, question, isMine, signal);
  const answer = short.flag_tc ? await askTcp(resolver, question, isMine, signal) : short;
  return read(answer, type);
}

function decode(bytes: Uint8Array): DecodedPacket | undefined {
  try {
    return packet.decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch {
    return undefined; // not DNS: somebody else's datagram
  }
}

function read(answer: DecodedPacket, type: 'A' | 'AAAA'): NameAnswer {
  const rcode = (answer as DecodedPacket & { rcode?: string }).rcode ?? 'SERVFAIL';
  const records = (answer.answers ?? []).filter((record) => record.type === type);
  const addresses = records.flatMap((record) =>
    'data' in record && typeof record.data === 'string' ? [record.data] : [],
  );
  const ttls = records.map((record) => ('ttl' in record ? (record.ttl ?? 0) : 0));
  const code = rcode === 'NOERROR' || rcode === 'NXDOMAIN' || rcode === 'REFUSED' ? rcode : 'SERVFAIL';
  return { code, addresses, ttlSeconds: ttls.length === 0 ? 5 : Math.max(1, Math.min(...ttls)) };
}

function askUdp(
  resolver: ResolverAddress,
  question: Buffer,
  isMine: (bytes: Uint8Array) => DecodedPacket | undefined,
  signal: AbortSignal,
): Promise<DecodedPacket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIPv6(resolver.address) ? 'udp6' : 'udp4');
    const again = AbortSignal.timeout(repeatAfterMs);
    const finish = (run: () => void) => {
      signal.removeEventListener('abort', aborted);
      again.onabort = null;
      socket.close();
      run();
    };
    const aborted = () => finish(() => reject(new Problem('FLOW_TIMED_OUT')));
    const failed = (cause: unknown) => finish(() => reject(new Problem('FLOW_UNREACHABLE', { cause })));
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted, { once: true });
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.send(question);
      // A lost datagram must not cost the whole wait.
      again.onabort = () => socket.send(question);
    });
    socket.on('message', (bytes) => {
      const answer = isMine(bytes);
      if (answer !== undefined) finish(() => resolve(answer));
    });
    socket.connect(resolver.port, resolver.address);
  });
}

function askTcp(
  resolver: ResolverAddress,
  question: Buffer,
  isMine: (bytes: Uint8Array) => DecodedPacket | undefined,
  signal: AbortSignal,
): Promise<DecodedPacket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: resolver.address, port: resolver.port });
    const finish = (run: () => void) => {
      signal.removeEventListener('abort', aborted);
      socket.removeAllListeners('close');
      socket.destroy();
      run();
    };
    const aborted = () => finish(() => reject(new Problem('FLOW_TIMED_OUT')));
    const failed = (cause?: unknown) => finish(() => reject(new Problem('FLOW_UNREACHABLE', { cause })));
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted, { once: true });
    let read = Buffer.alloc(0);
    socket.once('error', failed);
    socket.once('close', () => failed());
    socket.once('connect', () => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(question.length);
      socket.write(Buffer.concat([length, question]));
    });
    socket.on('data', (bytes: Buffer) => {
      read = Buffer.concat([read, bytes]);
      if (read.length > answerBytesMax) return failed();
      if (read.length < 2 || read.length < 2 + read.readUInt16BE(0)) return;
      const answer = isMine(read.subarray(2, 2 + read.readUInt16BE(0)));
      if (answer === undefined) failed();
      else finish(() => resolve(answer));
    });
  });
}
