'use client';
import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import type { AuditFilters } from '../../api/queries.ts';
import { resourcesQuery } from '../../api/queries.ts';
import { Button } from '../../design/button.tsx';
import { middleTruncated } from '../../design/id.tsx';
import { useKeys } from '../../shell/use-keys.ts';
import { filterKeys, type FilterKey } from './filters.ts';
import { FilterPopover } from './filter-popover.tsx';

interface FilterBarProps {
  filters: AuditFilters;
  onChange: (filters: AuditFilters) => void;
}

const names: Record<FilterKey, string> = {
  person: 'Person',
  resource: 'Resource',
  type: 'Event',
  grant: 'Grant',
  request: 'Request',
  from: 'From',
  to: 'To',
};

/** The filters as chips: set ones say their value and go away with one press, the others wait to be set. */
export function FilterBar({ filters, onChange }: FilterBarProps) {
  const { data: resources } = useQuery(resourcesQuery);
  const set = filterKeys.filter((key) => filters[key] !== undefined);
  const unset = filterKeys.filter((key) => filters[key] === undefined && key !== 'request');
  useKeys({ '/': () => document.getElementById('audit-filter-person')?.click() });
  const without = (key: FilterKey) => onChange({ ...filters, [key]: undefined });
  return (
    <div role="group" aria-label="Filters" className="mb-4 flex flex-wrap items-center gap-2">
      {set.map((key) => (
        <span
          key={key}
          className="inline-flex h-8 max-w-full items-center rounded-md bg-accent-soft pl-3 text-xs font-medium text-accent"
        >
          <span className="truncate" title={filters[key]}>
            {names[key]}:{' '}
            {key === 'grant' || key === 'request' ? middleTruncated(filters[key] ?? '', 10, 4) : filters[key]}
          </span>
          <button
            type="button"
            aria-label={`Remove the filter ${names[key]}`}
            onClick={() => without(key)}
            className="ml-1 grid size-8 shrink-0 place-items-center rounded-md hover:opacity-70"
          >
            <X aria-hidden className="size-3.5" />
          </button>
        </span>
      ))}
      {unset.map((key) => (
        <FilterPopover
          key={key}
          filter={key}
          name={names[key]}
          suggestions={key === 'resource' ? (resources ?? []).map((resource) => resource.name) : []}
          onSet={(value) => onChange({ ...filters, [key]: value })}
        />
      ))}
      {set.length > 1 && (
        <Button kind="quiet" size="small" onClick={() => onChange({})}>
          Clear all
        </Button>
      )}
    </div>
  );
}
