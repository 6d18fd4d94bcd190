import { isIPv4 } from 'node:net';

/** The addresses of one resource on this machine: the device's own, the one that answers names, and the resource's. */
export interface VirtualRange {
  readonly cidr: string;
  readonly device: string;
  readonly responder: string;
  readonly resource: string;
}

/** Shared address space (RFC 6598), which no network that people are in uses for hosts. */
export const virtualNetwork = '100.64.0.0/10';
const base = 100 * 2 ** 24 + 64 * 2 ** 16;
const ranges = 2 ** (29 - 10);
/** How many are tried where another program has the first. */
const candidatesMax = 8;

/**
 * The `/29` ranges of a resource, best first. The same name gives the same ones on every machine, so what remembers an address (a known_hosts file, a saved connection)
 * stays right.
 */
export function virtualRanges(name: string): readonly VirtualRange[] {
  return Array.from({ length: candidatesMax }, (_, attempt) => {
    const start = base + 8 * (hash(attempt === 0 ? name : `${name}#${attempt}`) % ranges);
    return {
      cidr: `${dotted(start)}/29`,
      device: dotted(start + 1),
      responder: dotted(start + 2),
      resource: dotted(start + 3),
    };
  });
}

function dotted(value: number): string {
  const text = [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
  if (!isIPv4(text)) throw new RangeError('beyond IPv4');
  return text;
}

/** FNV-1a, 32 bits, mixed once more so that names that differ in the last letter lie far apart. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0;
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b) >>> 0;
  return (value ^ (value >>> 13)) >>> 0;
}
