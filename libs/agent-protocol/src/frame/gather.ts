/** A part no longer than this is copied to its neighbours: that costs less than one more piece for the system to take. */
const smallBytes = 512;

/** The same bytes in the same order, runs of small parts as one. */
export function gather(parts: readonly Uint8Array[]): readonly Uint8Array[] {
  if (parts.length < 2) return parts;
  const gathered: Uint8Array[] = [];
  for (let at = 0; at < parts.length;) {
    let until = at;
    let bytes = 0;
    while (until < parts.length && parts[until]!.length <= smallBytes) bytes += parts[until++]!.length;
    if (until - at < 2) gathered.push(parts[at++]!);
    else {
      gathered.push(joined(parts, at, until, bytes));
      at = until;
    }
  }
  return gathered;
}

function joined(parts: readonly Uint8Array[], from: number, until: number, bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let filled = 0;
  for (let at = from; at < until; at += 1) {
    whole.set(parts[at]!, filled);
    filled += parts[at]!.length;
  }
  return whole;
}
