'use client';
import { Toast } from '@base-ui/react/toast';
import { CheckCircle2, OctagonAlert, X } from 'lucide-react';
import type { ReactNode } from 'react';

function Notices() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className="fade rounded-lg bg-raised shadow-raised data-ending-style:opacity-0 data-starting-style:translate-y-2 data-starting-style:opacity-0"
    >
      <Toast.Content className="flex items-start gap-3 p-3">
        {toast.type === 'problem' ? (
          <OctagonAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-denied" />
        ) : (
          <CheckCircle2 aria-hidden className="mt-0.5 size-4 shrink-0 text-granted" />
        )}
        <div className="min-w-0 flex-1 text-sm">
          <Toast.Title className="font-semibold text-ink" />
          <Toast.Description className="text-ink-2" />
        </div>
        <Toast.Close
          aria-label="Dismiss"
          className="-mt-1 -mr-1 grid size-7 place-items-center rounded-md text-ink-2 hover:bg-hover hover:text-ink"
        >
          <X aria-hidden className="size-3.5" />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ));
}

/** Short notices at the foot of the page; announced, gone by themselves. */
export function NoticeProvider({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider timeout={6_000} limit={3}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="fixed inset-x-3 bottom-20 z-60 flex flex-col gap-2 outline-none sm:right-6 sm:bottom-6 sm:left-auto sm:w-90">
          <Notices />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

/** Says something happened (or, with `problem`, did not). */
export function useNotice(): (title: string, description?: string, problem?: boolean) => void {
  const { add } = Toast.useToastManager();
  return (title, description, problem) =>
    void add({ title, description, type: problem ? 'problem' : 'done', priority: problem ? 'high' : 'low' });
}
