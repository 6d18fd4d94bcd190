'use client';
import { Sheet } from '../design/sheet.tsx';
import { KeyCap } from '../design/key-cap.tsx';
import type { Place } from './places.ts';

interface KeyGroup {
  name: string;
  keys: readonly (readonly [string, string])[];
}

const groups: readonly KeyGroup[] = [
  {
    name: 'In a list',
    keys: [
      ['j', 'Next'],
      ['k', 'Previous'],
      ['Enter', 'Open, or ask for the resource'],
      ['/', 'Filter'],
    ],
  },
  {
    name: 'In the inbox',
    keys: [
      ['a', 'To the approve button (Enter approves)'],
      ['s', 'Approve shorter'],
      ['d', 'Deny, with a comment'],
      ['p', 'Session policy'],
    ],
  },
  {
    name: 'In a replay',
    keys: [
      ['p', 'Play, pause (or the space bar)'],
      ['← →', 'Five seconds back, on'],
      ['Home End', 'To the beginning, to the end'],
      ['< >', 'Slower, faster'],
    ],
  },
  {
    name: 'Everywhere',
    keys: [
      ['?', 'This list'],
      ['Esc', 'Close'],
    ],
  },
];

/** The keys the dashboard knows. */
export function KeysHelp({
  places,
  open,
  onClose,
}: {
  places: readonly Place[];
  open: boolean;
  onClose: () => void;
}) {
  const goTo = { name: 'Go to', keys: places.map((place) => [`g ${place.key}`, place.name] as const) };
  return (
    <Sheet open={open} onClose={onClose} title="Keys" className="sm:w-[600px]">
      <div className="grid gap-x-8 gap-y-5 sm:grid-cols-2">
        {[goTo, ...groups].map((group) => (
          <section key={group.name}>
            <h3 className="mb-1 text-xs font-semibold text-ink-3">{group.name}</h3>
            <dl>
              {group.keys.map(([keys, meaning]) => (
                <div key={keys} className="flex items-center justify-between gap-3 py-1 text-sm">
                  <dt className="order-2 flex shrink-0 gap-1">
                    <span className="sr-only">{keys}</span>
                    {keys.split(' ').map((key) => (
                      <KeyCap key={key} className="inline-flex text-ink-2">
                        {key}
                      </KeyCap>
                    ))}
                  </dt>
                  <dd className="text-ink">{meaning}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Sheet>
  );
}
