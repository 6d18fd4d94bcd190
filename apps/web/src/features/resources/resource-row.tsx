'use client';
import { Cable, DoorOpen, Hourglass, History, Lock } from 'lucide-react';
import Link from 'next/link';
import type { Resource } from '../../api/contract.ts';
import { Button } from '../../design/button.tsx';
import { toneClasses, type Tone } from '../../design/chip.tsx';
import { cn } from '../../design/cn.ts';
import { TimeLeft } from '../../design/times.tsx';
import { carriedText } from './network-reach.ts';
import { KindIcon } from './kind-icon.tsx';
import { addressOf, protocolName, whereabouts } from './reach.ts';
import { keptText, sessionReach } from './session-reach.ts';

interface ResourceRowProps {
  resource: Resource;
  onAsk: () => void;
  onConnect: () => void;
}

/** One resource: what it is, where it is, and the state of the person to it, which is also the action. */
export function ResourceRow({ resource, onAsk, onConnect }: ResourceRowProps) {
  const { name, title, environment, notConnectable } = resource;
  const address = sessionReach(resource) ?? addressOf(resource.host, resource.port, resource.cidr);
  return (
    <li className="grid grid-cols-[auto_1fr_auto] items-center gap-x-3 gap-y-1 px-4 py-3 transition-colors duration-100 hover:bg-hover lg:grid-cols-[auto_minmax(0,5fr)_minmax(0,4fr)_minmax(0,3fr)_auto_10rem]">
      <KindIcon kind={resource.kind} />
      <div className="min-w-0">
        <div className="flex items-center gap-2">
          <span className="truncate text-base font-semibold text-ink">{name}</span>
          <Environment name={environment} />
        </div>
        <p className="truncate text-xs text-ink-2" title={resource.description}>
          <span className="text-ink sm:hidden">{environment} · </span>
          {title}
        </p>
      </div>
      <div className="hidden min-w-0 lg:block">
        <p className="truncate font-mono text-xs text-ink" title={address}>
          {address}
        </p>
        <p className="truncate text-xs text-ink-2">
          {resource.shell
            ? keptText(resource.shell)
            : resource.network
              ? carriedText(resource.network.routes.filter(({ cidr }) => cidr === resource.cidr))
              : resource.cidr
                ? 'Whole range'
                : protocolName(resource.protocol)}
          {resource.database && ` · ${resource.database.name} as ${resource.database.role}`}
        </p>
      </div>
      <div className="hidden min-w-0 lg:block">
        <p className="truncate text-xs text-ink">{whereabouts(resource)}</p>
        <GatewayState state={resource.gateway.state} />
      </div>
      <Link
        href={`/audit?resource=${encodeURIComponent(name)}`}
        aria-label={`History of ${name}`}
        title="Who reached it, and when"
        className="hidden size-8 place-items-center rounded-md text-ink-3 hover:bg-sunken hover:text-ink lg:grid"
      >
        <History aria-hidden className="size-4" />
      </Link>
      <div className="flex justify-end">
        <MyState resource={resource} onAsk={onAsk} onConnect={onConnect} />
      </div>
      {notConnectable && (
        <p className="col-start-2 col-end-[-1] text-xs text-ink-2 lg:hidden">{notConnectable.reason}</p>
      )}
    </li>
  );
}

function Environment({ name }: { name: string }) {
  const production = /^prod/i.test(name);
  return (
    <span
      className={cn(
        'hidden h-[18px] shrink-0 items-center rounded-sm border px-1.5 text-2xs font-medium sm:inline-flex',
        production ? 'border-ink-3 text-ink' : 'border-line text-ink-2',
      )}
    >
      {name}
    </span>
  );
}

const gatewayWords = {
  online: 'gateway online',
  lost: 'gateway lost',
  stopped: 'gateway stopped',
  unknown: 'gateway not seen yet',
};

function GatewayState({ state }: { state: Resource['gateway']['state'] }) {
  const mark = {
    online: 'bg-granted-mark',
    lost: 'bg-denied-mark',
    stopped: 'border border-ink-3',
    unknown: 'border border-ink-3',
  }[state];
  return (
    <p className="flex items-center gap-1.5 truncate text-xs text-ink-2">
      <span aria-hidden className={cn('size-1.5 shrink-0 rounded-full', mark)} />
      {gatewayWords[state]}
    </p>
  );
}

const stateButton =
  'inline-flex h-8 items-center gap-1.5 rounded-md px-2.5 text-xs font-semibold whitespace-nowrap transition-opacity duration-100 hover:opacity-85';

function MyState({ resource, onAsk, onConnect }: ResourceRowProps) {
  const { mine, name, notConnectable } = resource;
  if (mine.state === 'waiting') {
    return (
      <Link data-row href="/access" className={cn(stateButton, toneClasses.waiting)}>
        <Hourglass aria-hidden className="size-3.5" />
        Waiting
        <span className="sr-only"> for an answer about {name}</span>
      </Link>
    );
  }
  if (mine.state === 'granted' || mine.state === 'connected') {
    const Icon = mine.state === 'connected' ? Cable : DoorOpen;
    const tone: Tone = 'granted';
    return (
      <button type="button" data-row onClick={onConnect} className={cn(stateButton, toneClasses[tone])}>
        <Icon aria-hidden className="size-3.5" />
        {mine.state === 'connected' ? 'Connected' : 'Granted'}
        {mine.endsAt && <TimeLeft endsAt={mine.endsAt} />}
        <span className="sr-only">, how to connect to {name}</span>
      </button>
    );
  }
  if (!resource.connectable) {
    return (
      <Button
        data-row
        size="small"
        kind="quiet"
        blockedBecause={notConnectable?.reason ?? 'It cannot be connected to yet.'}
      >
        <Lock aria-hidden className="size-3.5" />
        Not yet
        <span className="sr-only"> available: {name}</span>
      </Button>
    );
  }
  return (
    <Button data-row onClick={onAsk} aria-label={`Ask for ${name}`}>
      Ask
    </Button>
  );
}
