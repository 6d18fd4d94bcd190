'use client';
import { browserClock } from '@sallyport/effects/browser';
import { useEffect, useRef } from 'react';
import { nextKey, type PendingKey } from './key-sequence.ts';

export type KeyBindings = Record<string, () => void>;

const layers: { current: KeyBindings }[] = [];
let pending: PendingKey | undefined;

/** Typing, modifiers and open dialogs keep their keys. */
function isTaken(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing)
    return true;
  const target = event.target instanceof Element ? event.target : undefined;
  if (target?.closest('input, textarea, select, [contenteditable="true"]')) return true;
  return document.querySelector('[role="dialog"][data-open]') !== null;
}

function onKeyDown(event: KeyboardEvent): void {
  if (isTaken(event) || event.key === 'Shift') return;
  const bindings = new Set(layers.flatMap((layer) => Object.keys(layer.current)));
  const step = nextKey(bindings, pending, event.key, browserClock.now());
  pending = step.pending;
  const { typed } = step;
  if (!typed) return;
  event.preventDefault();
  // The layer mounted last is the most particular one.
  layers.findLast((layer) => typed in layer.current)?.current[typed]?.();
}

/** Binds keys while the component is mounted. The bindings may change from render to render. */
export function useKeys(bindings: KeyBindings): void {
  const layer = useRef(bindings);
  useEffect(() => {
    layer.current = bindings;
  });
  useEffect(() => {
    if (layers.length === 0) window.addEventListener('keydown', onKeyDown);
    layers.push(layer);
    return () => {
      layers.splice(layers.indexOf(layer), 1);
      if (layers.length === 0) window.removeEventListener('keydown', onKeyDown);
    };
  }, []);
}
