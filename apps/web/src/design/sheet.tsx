'use client';
import { Dialog } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import type { ReactNode, RefObject } from 'react';
import { cn } from './cn.ts';

const backdrop = 'fade fixed inset-0 z-40 bg-scrim data-ending-style:opacity-0 data-starting-style:opacity-0';

interface SheetProps {
  open: boolean;
  onClose: () => void;
  title: ReactNode;
  /** One line under the title. */
  about?: ReactNode;
  children: ReactNode;
  initialFocus?: RefObject<HTMLElement | null>;
  /** `modal` stands in the middle, `drawer` at the right edge in full height. On a phone both fill the foot. */
  as?: 'modal' | 'drawer';
  className?: string;
}

const places = {
  modal:
    'inset-x-0 bottom-0 max-h-[92dvh] rounded-t-xl sm:inset-auto sm:top-[12vh] sm:left-1/2 sm:max-h-[80vh] sm:w-[480px] sm:-translate-x-1/2 sm:rounded-xl data-starting-style:translate-y-2 data-ending-style:translate-y-2',
  drawer:
    'inset-x-0 bottom-0 max-h-[88dvh] rounded-t-xl sm:inset-y-0 sm:right-0 sm:left-auto sm:max-h-none sm:w-[520px] sm:rounded-none data-starting-style:translate-x-3 data-ending-style:translate-x-3',
};

/** A dialog: focus goes in, Escape closes it, focus goes back to where it came from. */
export function Sheet({
  open,
  onClose,
  title,
  about,
  children,
  initialFocus,
  as = 'modal',
  className,
}: SheetProps) {
  return (
    <Dialog.Root open={open} onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={backdrop} />
        <Dialog.Popup
          initialFocus={initialFocus}
          className={cn(
            'fade fixed z-50 flex flex-col overflow-hidden bg-raised text-ink shadow-raised outline-none data-ending-style:opacity-0 data-starting-style:opacity-0',
            places[as],
            className,
          )}
        >
          <div className="flex items-start gap-3 border-b border-line px-5 py-4">
            <div className="min-w-0 flex-1">
              <Dialog.Title className="text-base font-semibold wrap-anywhere">{title}</Dialog.Title>
              {about && (
                <Dialog.Description className="mt-0.5 text-sm text-ink-2">{about}</Dialog.Description>
              )}
            </div>
            <Dialog.Close
              aria-label="Close"
              className="-mr-2 grid size-8 place-items-center rounded-md text-ink-2 hover:bg-hover hover:text-ink"
            >
              <X aria-hidden className="size-4" />
            </Dialog.Close>
          </div>
          <div className="min-h-0 flex-1 overflow-y-auto px-5 py-4">{children}</div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
