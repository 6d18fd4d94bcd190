import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Effects } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import { Negotiation, replies, replyOf, type Destination, type Step } from './negotiation.ts';

/** One of the tunnels behind the listener: a resource that every fitting connection leads to, or a network that is dialled first. */
export type SocksTarget = PinnedTarget | NetworkTarget;

/** A resource with one host and port. */
export interface PinnedTarget {
  readonly name: string;
  readonly host: string | null;
  readonly port: number | null;
  carry(connection: Duplex): void;
}

/** A network: what it takes, and a connection once the far side has accepted; refused with a Problem of the flows (FLOW_REFUSED, ...). */
export interface NetworkTarget {
  takes(destination: Destination): boolean;
  open(destination: Destination, signal: AbortSignal): Promise<Duplex>;
}

export interface SocksOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly targets: () => readonly SocksTarget[];
  readonly effects: Effects;
  /** Judges the program behind a connection before it is answered. */
  readonly admit?: (socket: Socket) => boolean | Promise<boolean>;
  /** Told when a program asked for what was not granted. */
  readonly refused: (destination: Destination) => void;
}

export interface SocksListener {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Loopback alone: a listener that takes no password serves this machine. */
const host = '127.0.0.1';
const negotiateWithinMs = 10_000;
const negotiationsMax = 256;

/**
 * A SOCKS5 listener over tunnels: a destination is taken when its port and its name are those of one of them, and answered "not allowed" otherwise. Names are compared, never
 * resolved. Refuses with LOCAL_PORT_TAKEN or LOCAL_PORT_REFUSED.
 */
export async function listenForSocks(options: SocksOptions): Promise<SocksListener> {
  const negotiating = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    if (negotiating.size >= negotiationsMax) return void socket.resetAndDestroy();
    negotiating.add(socket);
    const settled = () => negotiating.delete(socket);
    socket.once('close', settled);
    void admitted(options, socket).then((yes) => {
      if (!yes) return void socket.resetAndDestroy();
      // Gone while it was judged: its close was told already, and would stop nothing that is begun now.
      if (socket.destroyed) return;
      negotiate(options, socket, settled);
    });
  });
  const port = await listening(server, options.port);
  const close = () =>
    new Promise<void>((done) => {
      for (const socket of negotiating) socket.destroy();
      server.close(() => done());
    });
  return { host, port, close };
}

async function admitted({ admit }: SocksOptions, socket: Socket): Promise<boolean> {
  try {
    return (await admit?.(socket)) ?? true;
  } catch {
    // What cannot be judged is not let in.
    return false;
  }
}

function negotiate(options: SocksOptions, socket: Socket, settled: () => void): void {
  const { timers } = options.effects;
  const negotiation = new Negotiation();
  const patience = timers.after(negotiateWithinMs, () => socket.destroy());
  const stop = () => timers.cancel(patience);
  socket.once('close', stop);
  const take = (bytes: Buffer) => {
    const step = negotiation.take(bytes);
    if (step.send) socket.write(step.send);
    if (step.is === 'incomplete') return;
    socket.pause();
    socket.off('data', take);
    stop();
    settled();
    if (step.is === 'refused') return void socket.destroySoon();
    begin(options, socket, step);
  };
  socket.on('data', take);
  socket.resume();
}

function begin(
  { targets, refused }: SocksOptions,
  socket: Socket,
  { destination, rest }: Extract<Step, { is: 'asked' }>,
): void {
  const target = targets().find((candidate) => fits(candidate, destination));
  if (!target) {
    refused(destination);
    socket.write(replyOf('notAllowed'));
    return void socket.destroySoon();
  }
  if (rest.length > 0) socket.unshift(Buffer.from(rest));
  if ('open' in target) return void dial(target, socket, destination);
  socket.write(replyOf('succeeded'));
  target.carry(socket);
}

const dialReplies: Readonly<Record<string, keyof typeof replies>> = {
  FLOW_REFUSED: 'refused',
  FLOW_NOT_GRANTED: 'notAllowed',
  FLOW_UNREACHABLE: 'hostUnreachable',
  FLOW_TIMED_OUT: 'hostUnreachable',
};

/** The program hears of success when the far side has accepted, and why it did not otherwise. */
async function dial(target: NetworkTarget, socket: Socket, destination: Destination): Promise<void> {
  const gone = new AbortController();
  socket.once('close', () => gone.abort());
  try {
    const far = await target.open(destination, gone.signal);
    socket.write(replyOf('succeeded'));
    join(socket, far);
  } catch (error) {
    const reply = error instanceof Problem ? dialReplies[error.code] : undefined;
    if (!socket.writable) return;
    socket.write(replyOf(reply ?? 'failed'));
    socket.destroySoon();
  }
}

/** Carries both ways, half-open; whatever breaks one breaks the other. */
function join(socket: Socket, far: Duplex): void {
  far.on('error', () => socket.resetAndDestroy());
  far.once('close', () => void (far.readableEnded || socket.resetAndDestroy()));
  socket.once('close', () => void (socket.readableEnded || far.destroy()));
  socket.pipe(far);
  far.pipe(socket);
}

/** Whether a destination is the resource's: its port, and its host or its name. DNS ignores case and a last dot. */
function fits(target: SocksTarget, destination: Destination): boolean {
  if ('takes' in target) return target.takes(destination);
  const { name, host: own, port } = target;
  const asked = plain(destination.host);
  return destination.port === port && (asked === plain(name) || (own !== null && asked === plain(own)));
}

const plain = (name: string) => name.toLowerCase().replace(/\.$/u, '');

function listening(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new Problem(cause.code === 'EADDRINUSE' ? 'LOCAL_PORT_TAKEN' : 'LOCAL_PORT_REFUSED', {
          detail: `Port ${port} on ${host} could not be opened for SOCKS (${cause.code ?? 'unknown'}).`,
          cause,
        }),
      ),
    );
    server.listen({ host, port, exclusive: true }, () => {
      server.removeAllListeners('error');
      server.on('error', () => undefined);
      resolve((server.address() as AddressInfo).port);
    });
  });
}
