/** The address at a place of an IPv4 range: 2 of `10.0.0.0/16` is `10.0.0.2`, -1 its last one. */
export function addressIn(cidr: string, place: number): string {
  const [base = '', bits = '32'] = cidr.split('/');
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(toNumber(base) / size) * size;
  return toText(first + (place < 0 ? size + place : place));
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toText(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
