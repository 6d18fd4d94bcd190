'use client';
import { Menu } from '@base-ui/react/menu';
import { useQueryClient } from '@tanstack/react-query';
import { ChevronsUpDown, LogOut } from 'lucide-react';
import { useRouter } from 'next/navigation';
import { problemOf } from '../api/problem-of.ts';
import { signOut } from '../api/commands.ts';
import type { Me } from '../api/contract.ts';
import { Face } from '../design/face.tsx';
import { useNotice } from '../design/notices.tsx';
import { Skeleton } from '../design/skeleton.tsx';

/** Ends the sign-in, forgets everything that was read, and goes to the sign-in page. */
export function useSignOut(): () => Promise<void> {
  const client = useQueryClient();
  const router = useRouter();
  const notice = useNotice();
  return async () => {
    try {
      await signOut();
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status !== 401) return notice(problem.title, problem.advice, true);
    }
    router.replace('/sign-in');
    client.clear();
  };
}

/** Who is signed in, and the way out; `compact` is the face alone, for the head of a phone. */
export function Account({ me, compact = false }: { me: Me | undefined; compact?: boolean }) {
  const leave = useSignOut();
  if (!me) return <Skeleton className={compact ? 'size-7 rounded-full' : 'h-12 w-full'} />;
  return (
    <Menu.Root>
      {compact ? (
        <Menu.Trigger className="grid size-10 place-items-center rounded-md">
          <Face name={me.name} />
          <span className="sr-only">Account of {me.name}</span>
        </Menu.Trigger>
      ) : (
        <WideTrigger me={me} />
      )}
      <Menu.Portal>
        <Menu.Positioner
          side={compact ? 'bottom' : 'top'}
          align={compact ? 'end' : 'start'}
          sideOffset={6}
          className="z-40 outline-none"
        >
          <Menu.Popup className="w-56 rounded-lg bg-raised p-1 shadow-raised outline-none">
            <div className="border-b border-line px-2 pt-1 pb-2 text-xs text-ink-2">
              <p className="truncate text-ink">{me.email}</p>
              <p className="mt-0.5">{me.groups.length > 0 ? `in ${me.groups.join(', ')}` : 'in no group'}</p>
              <p className="mt-0.5 text-ink-3">
                {me.server.name} {me.server.version}
              </p>
            </div>
            <Menu.Item
              onClick={() => void leave()}
              className="mt-1 flex h-8 cursor-default items-center gap-2 rounded-md px-2 text-sm text-ink outline-none data-highlighted:bg-hover"
            >
              <LogOut aria-hidden className="size-4 text-ink-2" />
              Sign out
            </Menu.Item>
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function WideTrigger({ me }: { me: Me }) {
  return (
    <Menu.Trigger className="flex w-full items-center gap-2.5 rounded-md px-2 py-2 text-left hover:bg-hover">
      <Face name={me.name} />
      <span className="min-w-0 flex-1">
        <span className="block truncate text-sm font-medium text-ink">{me.name}</span>
        <span className="block truncate text-xs text-ink-3">{me.roles.join(', ')}</span>
      </span>
      <ChevronsUpDown aria-hidden className="size-3.5 text-ink-3" />
    </Menu.Trigger>
  );
}
