/** What destinations are gathered from. */
export interface DestinationRow {
  readonly destination: string;
  readonly port: number | null;
  readonly proto: string;
  readonly name: string | null;
  readonly end: string;
  readonly bytesUp: bigint;
  readonly bytesDown: bigint;
  readonly endedAt: Date;
}

export interface Destination {
  readonly destination: string;
  readonly port: number | null;
  readonly proto: string;
  readonly name: string | null;
  flows: number;
  refused: number;
  bytesUp: number;
  bytesDown: number;
  lastAt: number;
}

/** The conversations by destination, the largest first. */
export function destinationsOf(rows: readonly DestinationRow[]): Destination[] {
  const found = new Map<string, Destination>();
  for (const row of rows) {
    const { destination, port, proto, name } = row;
    const key = JSON.stringify([destination, port, proto, name]);
    const sum = found.get(key) ?? {
      ...{ destination, port, proto, name, flows: 0, refused: 0, bytesUp: 0, bytesDown: 0, lastAt: 0 },
    };
    sum.flows += 1;
    sum.refused += row.end === 'refused' ? 1 : 0;
    sum.bytesUp += Number(row.bytesUp);
    sum.bytesDown += Number(row.bytesDown);
    sum.lastAt = Math.max(sum.lastAt, row.endedAt.getTime());
    found.set(key, sum);
  }
  const volume = ({ bytesUp, bytesDown }: Destination) => bytesUp + bytesDown;
  return [...found.values()].sort((a, b) => volume(b) - volume(a) || b.flows - a.flows);
}
