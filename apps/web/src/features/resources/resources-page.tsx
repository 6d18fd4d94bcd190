'use client';
import { useQuery } from '@tanstack/react-query';
import { KeyRound, Search, SearchX } from 'lucide-react';
import { useDeferredValue, useRef, useState } from 'react';
import { problemOf } from '../../api/problem-of.ts';
import type { Resource } from '../../api/contract.ts';
import { resourcesQuery } from '../../api/queries.ts';
import { EmptyState } from '../../design/empty-state.tsx';
import { KeyCap } from '../../design/key-cap.tsx';
import { PageHead, Panel } from '../../design/panel.tsx';
import { ProblemNotice } from '../../design/problem-notice.tsx';
import { SkeletonRows } from '../../design/skeleton.tsx';
import { usePollMs } from '../../shell/live.tsx';
import { useKeys } from '../../shell/use-keys.ts';
import { useRowKeys } from '../../shell/use-row-keys.ts';
import { AskDialog } from './ask-dialog.tsx';
import { ConnectDialog } from './connect-dialog.tsx';
import { filterResources } from './reach.ts';
import { ResourceRow } from './resource-row.tsx';

type Opened = { name: string; what: 'ask' | 'connect' };

/** Everything the person may ask for, each with where it is and how the person stands to it. */
export function ResourcesPage() {
  const { data: resources, error } = useQuery({ ...resourcesQuery, refetchInterval: usePollMs() });
  const [filter, setFilter] = useState('');
  const [opened, setOpened] = useState<Opened | undefined>();
  const deferred = useDeferredValue(filter);
  const list = useRowKeys<HTMLDivElement>();
  const openedResource = resources?.find((resource) => resource.name === opened?.name);
  return (
    <>
      <PageHead
        title="Resources"
        about="Nothing here is open to anybody until it is asked for and granted, for a time."
      >
        <FilterBox value={filter} onChange={setFilter} />
      </PageHead>
      {error && !resources && <ProblemNotice problem={problemOf(error)} />}
      <Panel>
        <div ref={list}>
          {!resources && !error && <SkeletonRows label="Reading the resources" />}
          {resources && <Rows resources={resources} filter={deferred} onOpen={setOpened} />}
        </div>
      </Panel>
      <AskDialog
        resource={opened?.what === 'ask' ? openedResource : undefined}
        onClose={() => setOpened(undefined)}
      />
      <ConnectDialog
        resource={opened?.what === 'connect' ? openedResource : undefined}
        onClose={() => setOpened(undefined)}
      />
    </>
  );
}

interface RowsProps {
  resources: Resource[];
  filter: string;
  onOpen: (opened: Opened) => void;
}

function Rows({ resources, filter, onOpen }: RowsProps) {
  const shown = filterResources(resources, filter);
  if (resources.length === 0) {
    return (
      <EmptyState icon={KeyRound} title="No resource is offered to you" command="tunnel whoami">
        Resources appear here when a policy names you or one of your groups. Tell your administrator which
        ones you need.
      </EmptyState>
    );
  }
  if (shown.length === 0) {
    return (
      <EmptyState icon={SearchX} title="No resource matches">
        Nothing among {resources.length} resources contains “{filter}”. Names, addresses, accounts and tags
        are searched.
      </EmptyState>
    );
  }
  return (
    <ul aria-label="Resources" className="divide-y divide-line">
      {shown.map((resource) => (
        <ResourceRow
          key={resource.id}
          resource={resource}
          onAsk={() => onOpen({ name: resource.name, what: 'ask' })}
          onConnect={() => onOpen({ name: resource.name, what: 'connect' })}
        />
      ))}
    </ul>
  );
}

function FilterBox({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const input = useRef<HTMLInputElement>(null);
  useKeys({ '/': () => input.current?.focus() });
  return (
    <label className="relative block w-full sm:w-64">
      <span className="sr-only">Filter resources</span>
      <Search aria-hidden className="pointer-events-none absolute top-2 left-2.5 size-4 text-ink-3" />
      <input
        ref={input}
        type="search"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          onChange('');
          event.currentTarget.blur();
        }}
        placeholder="Filter"
        className="h-8 w-full rounded-md border border-line-strong bg-panel pr-8 pl-8 text-sm shadow-panel outline-none focus-visible:border-accent focus-visible:outline-2 focus-visible:outline-offset-0 focus-visible:outline-accent [&::-webkit-search-cancel-button]:hidden"
      />
      <KeyCap className="absolute top-[7px] right-2 text-ink-3">/</KeyCap>
    </label>
  );
}
