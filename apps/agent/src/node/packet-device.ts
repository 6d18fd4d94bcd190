import { accessSync, closeSync, constants, readFileSync, readSync, writeSync } from 'node:fs';
import type { Log } from '@sallyport/effects';
import { Problem } from '@sallyport/problems';
import type { PacketDevice } from '../ports.ts';

export interface PacketDeviceSettings {
  readonly device: string;
  /** What packets leave from, at most one of each family. */
  readonly addresses: readonly string[];
}

export interface OpenPacketDevice extends PacketDevice {
  close(): Promise<void>;
}

/** The largest IP packet. */
const packetBytesMax = 65_535;
/** One wait in the kernel: a device that is being closed is noticed after it. */
const pollMs = 250;
/** Packets read before others get their turn. */
const packetsAtOnce = 64;

/**
 * Opens the TUN device that the installer made for this user: whoever may open it needs no privilege. One packet a read. Refuses
 * AGENT_PACKETS_UNAVAILABLE with what is missing.
 */
export async function openPacketDevice(settings: PacketDeviceSettings, log: Log): Promise<OpenPacketDevice> {
  const { libc, openTun } = await lookAtPacketDevice(settings);
  let fd: number;
  try {
    ({ fd } = openTun(libc, settings.device, 'plain'));
  } catch (cause) {
    throw unavailable(`${settings.device} cannot be opened: ${String(cause)}.`, cause);
  }
  let received: (packet: Uint8Array) => void = () => undefined;
  let closing = false;
  const buffer = Buffer.alloc(packetBytesMax);
  const readSome = () => {
    for (let count = 0; count < packetsAtOnce && !closing; count += 1) {
      const length = readOne(fd, buffer);
      if (length === undefined) return;
      received(Uint8Array.from(buffer.subarray(0, length)));
    }
  };
  const reading = (async () => {
    while (!closing) if (await libc.pollReadable(fd, pollMs)) readSome();
  })()
    .catch((cause: unknown) => {
      if (!closing) log.write('error', 'the packet device is gone', { reason: String(cause) });
      closing = true;
    })
    .finally(() => closeSync(fd));
  return {
    addresses: settings.addresses,
    receive: (receiver) => (received = receiver),
    send: (packet) => {
      if (closing) return false;
      try {
        return writeSync(fd, packet) === packet.length;
      } catch {
        return false; // a full queue, or a packet that the kernel does not take: lost, as on any wire
      }
    },
    async close() {
      closing = true;
      await reading;
    },
  };
}

/** Whether the device can be opened by this user, without opening it (it has one user at a time). Refuses AGENT_PACKETS_UNAVAILABLE. */
export async function lookAtPacketDevice({ device }: PacketDeviceSettings) {
  if (process.platform !== 'linux') throw unavailable('Only Linux gateways have one.');
  const owner = ownerOf(device);
  if (owner === undefined) throw unavailable(`There is no TUN device ${device}.`);
  const uid = process.geteuid?.();
  if (owner !== uid && uid !== 0) throw unavailable(`${device} is not for the agent’s user.`);
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK);
  } catch (cause) {
    throw unavailable(
      'Only root may open /dev/net/tun here. Let all open it, as udev does (chmod 0666 /dev/net/tun): each device is used by its owner alone.',
      cause,
    );
  }
  try {
    const [{ libc }, { openTun }] = await Promise.all([
      import('@sallyport/tunnel/edge/native'),
      import('@sallyport/tunnel/edge/privileged'),
    ]);
    return { libc: libc(), openTun };
  } catch (cause) {
    throw unavailable('Native calls cannot be loaded: koffi is not beside the bundle.', cause);
  }
}

/** The user that a TUN device is for; undefined when there is no such device. */
function ownerOf(device: string): number | undefined {
  const told = (what: string) => Number(readFileSync(`/sys/class/net/${device}/${what}`, 'utf8'));
  try {
    const isTun = (told('tun_flags') & 1) === 1;
    return isTun ? told('owner') : undefined;
  } catch {
    return undefined; // no device, or none that is a TUN device
  }
}

/** The length of the packet that was read; undefined when none waits. */
function readOne(fd: number, buffer: Buffer): number | undefined {
  try {
    return readSync(fd, buffer);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw cause;
  }
}

function unavailable(detail: string, cause?: unknown): Problem {
  return new Problem('AGENT_PACKETS_UNAVAILABLE', { detail, cause });
}
