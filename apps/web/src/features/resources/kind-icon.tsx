import { Boxes, Cable, Database, Network, SquareTerminal, Terminal, type LucideIcon } from 'lucide-react';
import type { ResourceKind } from '../../api/contract.ts';

const icons: Record<ResourceKind, LucideIcon> = {
  database: Database,
  port: Cable,
  cluster: Boxes,
  ssh: Terminal,
  shell: SquareTerminal,
  subnet: Network,
};

const names: Record<ResourceKind, string> = {
  database: 'Database',
  port: 'Port',
  cluster: 'Kubernetes cluster',
  ssh: 'SSH host',
  shell: 'Shell',
  subnet: 'Subnet',
};

/** What kind of thing a resource is. */
export function KindIcon({ kind }: { kind: ResourceKind }) {
  const Icon = icons[kind] ?? Cable;
  return (
    <span
      title={names[kind]}
      className="grid size-8 shrink-0 place-items-center rounded-md border border-line bg-sunken text-ink-2"
    >
      <Icon aria-hidden className="size-4" />
      <span className="sr-only">{names[kind]}</span>
    </span>
  );
}
