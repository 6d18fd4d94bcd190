'use client';
import { useEffect } from 'react';

/** The door in the browser's tab stands open while the person has access to something. */
export function useFavicon(open: boolean): void {
  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
    if (link) link.href = open ? '/icon-open.svg' : '/icon.svg';
  }, [open]);
}
