'use client';
import { Popover } from '@base-ui/react/popover';
import { Plus } from 'lucide-react';
import { useId, useRef, useState } from 'react';
import { Button } from '../../design/button.tsx';
import { eventTypes, type FilterKey } from './filters.ts';

interface FilterPopoverProps {
  filter: FilterKey;
  name: string;
  suggestions: readonly string[];
  onSet: (value: string) => void;
}

const examples: Record<FilterKey, string> = {
  person: 'engineer@example.com',
  resource: 'prod-rds',
  type: 'grant.ended',
  grant: 'grt_…',
  request: 'req_…',
  from: '',
  to: '',
};

/** A filter that is not set yet: press, type or choose, Enter. */
export function FilterPopover({ filter, name, suggestions, onSet }: FilterPopoverProps) {
  const [open, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const offered = filter === 'type' ? eventTypes : suggestions;
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger
        id={`audit-filter-${filter}`}
        className="inline-flex h-8 items-center gap-1.5 rounded-md border border-dashed border-line-strong px-2.5 text-xs font-medium text-ink-2 transition-colors duration-100 hover:border-ink-3 hover:text-ink data-popup-open:border-accent data-popup-open:text-accent"
      >
        <Plus aria-hidden className="size-3.5" />
        {name}
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner sideOffset={6} align="start" className="z-40">
          <Popover.Popup
            initialFocus={input}
            className="fade w-72 rounded-lg bg-raised p-3 shadow-raised outline-none data-ending-style:opacity-0 data-starting-style:opacity-0"
          >
            <Popover.Title className="sr-only">{`Filter by ${name}`}</Popover.Title>
            <FilterForm
              filter={filter}
              name={name}
              offered={offered}
              inputRef={input}
              onSet={(value) => {
                setOpen(false);
                onSet(value);
              }}
            />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  );
}

interface FilterFormProps {
  filter: FilterKey;
  name: string;
  offered: readonly string[];
  inputRef: React.RefObject<HTMLInputElement | null>;
  onSet: (value: string) => void;
}

function FilterForm({ filter, name, offered, inputRef, onSet }: FilterFormProps) {
  const [value, setValue] = useState('');
  const list = useId();
  const day = filter === 'from' || filter === 'to';
  const matching = offered.filter((each) => each.includes(value.trim())).slice(0, 8);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (value.trim()) onSet(value.trim());
      }}
    >
      <div className="flex gap-2">
        <input
          ref={inputRef}
          aria-label={name}
          aria-controls={matching.length > 0 ? list : undefined}
          type={day ? 'date' : 'text'}
          value={value}
          placeholder={examples[filter]}
          onChange={(event) => setValue(event.target.value)}
          className="h-8 min-w-0 flex-1 rounded-md border border-line-strong bg-panel px-2.5 text-sm outline-none focus-visible:border-accent focus-visible:outline-2 focus-visible:outline-offset-0 focus-visible:outline-accent"
        />
        <Button
          type="submit"
          kind="primary"
          blockedBecause={value.trim() ? undefined : 'Type something first.'}
        >
          Set
        </Button>
      </div>
      {matching.length > 0 && (
        <ul id={list} aria-label={`Known for ${name}`} className="mt-2 max-h-64 overflow-y-auto">
          {matching.map((each) => (
            <li key={each}>
              <button
                type="button"
                onClick={() => onSet(each)}
                className="h-8 w-full truncate rounded-md px-2 text-left text-sm text-ink hover:bg-hover"
              >
                {each}
              </button>
            </li>
          ))}
        </ul>
      )}
    </form>
  );
}
