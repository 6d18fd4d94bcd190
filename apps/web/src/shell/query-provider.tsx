'use client';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { problemOf } from '../api/problem-of.ts';

const retriesMax = 2;

function worthRetrying(failures: number, error: Error): boolean {
  const { status } = problemOf(error);
  const answered = status > 0 && status < 500;
  return !answered && failures < retriesMax;
}

/** The cache of what was read. Old data stand while new ones come. */
export function QueryProvider({ children }: { children: ReactNode }) {
  const [client] = useState(
    () =>
      new QueryClient({
        defaultOptions: { queries: { retry: worthRetrying, staleTime: 1_000, refetchOnWindowFocus: true } },
      }),
  );
  return <QueryClientProvider client={client}>{children}</QueryClientProvider>;
}
