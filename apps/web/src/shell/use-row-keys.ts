'use client';
import { useRef, type RefObject } from 'react';
import { useKeys } from './use-keys.ts';

/** `j` and `k` move the focus through the elements marked `data-row` in the container. */
export function useRowKeys<T extends HTMLElement>(): RefObject<T | null> {
  const container = useRef<T>(null);
  const move = (by: 1 | -1) => {
    const rows = [...(container.current?.querySelectorAll<HTMLElement>('[data-row]') ?? [])];
    const here = rows.findIndex(
      (row) => row === document.activeElement || row.contains(document.activeElement),
    );
    const next =
      here < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, here + by));
    rows[next]?.focus();
    rows[next]?.scrollIntoView({ block: 'nearest' });
  };
  useKeys({ j: () => move(1), k: () => move(-1) });
  return container;
}
