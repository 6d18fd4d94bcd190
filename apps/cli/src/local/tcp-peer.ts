import { readFile } from 'node:fs/promises';
import { isIPv4 } from 'node:net';
import { endianness } from 'node:os';

/** The two ends of an accepted TCP connection, as Node names them. */
export interface TcpEnds {
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** A table of connections is not read at one instant; a row can be missed when others come and go meanwhile. */
const looksMax = 3;

const tables = ['/proc/net/tcp', '/proc/net/tcp6'] as const;
type Read = (path: string) => Promise<string>;

/**
 * User id of the process that made a TCP connection from this machine: the owner of the row whose local end is our remote one (proc(5)). `gone` when
 * there is none any more, undefined where the system has no such table.
 */
export async function uidOfTcpPeer(
  ends: TcpEnds,
  read: Read = (path) => readFile(path, 'latin1'),
): Promise<number | 'gone' | undefined> {
  const { localAddress, localPort, remoteAddress, remotePort } = ends;
  if (!localAddress || !localPort || !remoteAddress || !remotePort) return 'gone';
  const theirs = forms(remoteAddress, remotePort);
  const ours = forms(localAddress, localPort);
  let readable = false;
  for (let look = 0; look < looksMax; look++)
    for (const path of tables) {
      const text = await read(path).catch(() => undefined);
      if (text === undefined) continue;
      readable = true;
      const uid = ownerIn(text, theirs, ours);
      if (uid !== undefined) return uid;
    }
  return readable ? 'gone' : undefined;
}

function ownerIn(text: string, theirs: readonly string[], ours: readonly string[]): number | undefined {
  for (const line of text.split('\n')) {
    // Columns: sl, local address, remote address, state, queues, timer, retransmissions, uid, timeout, inode.
    const [, local = '', remote = '', , , , , uid, , inode] = line.trim().split(/\s+/u);
    if (!theirs.includes(local) || !ours.includes(remote)) continue;
    // Without an inode the process has let go of the connection, and the uid is not its own any more.
    return inode === '0' ? undefined : Number(uid);
  }
  return undefined;
}

/** An end in the tables' form; an IPv4 address also as a socket for IPv6 holds it. */
function forms(address: string, port: number): string[] {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const plain = address.replace(/^::ffff:(?=\d+\.)/iu, '');
  if (isIPv4(plain)) {
    const word = words(Uint8Array.from(plain.split('.').map(Number)));
    return [word, words(Uint8Array.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff])) + word].map(
      (hex) => hex + suffix,
    );
  }
  return [words(bytesOfIPv6(plain.replace(/%.*$/u, ''))) + suffix];
}

/** Each four bytes as one word in the machine's own order, in hexadecimal. */
function words(bytes: Uint8Array): string {
  let hex = '';
  for (let at = 0; at < bytes.length; at += 4) {
    const word = [...bytes.subarray(at, at + 4)];
    if (endianness() === 'LE') word.reverse();
    hex += word.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  }
  return hex.toUpperCase();
}

function bytesOfIPv6(address: string): Uint8Array {
  const [head = '', tail] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => parseInt(group, 16)));
  const first = groups(head);
  const last = tail === undefined ? [] : groups(tail);
  const all = [...first, ...new Array<number>(Math.max(0, 8 - first.length - last.length)).fill(0), ...last];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}
