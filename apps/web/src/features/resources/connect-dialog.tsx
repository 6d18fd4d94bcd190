'use client';
import type { Resource } from '../../api/contract.ts';
import { CopyLine } from '../../design/copy-line.tsx';
import { Sheet } from '../../design/sheet.tsx';
import { TimeLeft } from '../../design/times.tsx';
import { usageLine } from './session-reach.ts';

/** How to use what was granted: the line to type and, for a database, the same line with psql in it. */
export function ConnectDialog({
  resource,
  onClose,
}: {
  resource: Resource | undefined;
  onClose: () => void;
}) {
  const line = resource ? usageLine(resource) : '';
  return (
    <Sheet
      open={resource !== undefined}
      onClose={onClose}
      title={resource?.name}
      about={
        resource?.mine.endsAt && (
          <>
            Open to you for another <TimeLeft endsAt={resource.mine.endsAt} />
          </>
        )
      }
    >
      <p className="text-sm text-ink-2">
        {resource?.ssh || resource?.shell
          ? `Type this on your machine; you work there as ${resource.ssh?.user ?? resource.shell?.runAs}.`
          : 'Type this on your machine; your own programs then reach it on a local port.'}
      </p>
      <CopyLine line={line} label="connect line" className="mt-2" />
      {resource?.protocol === 'postgresql' && (
        <>
          <p className="mt-4 text-sm text-ink-2">Or go straight into psql:</p>
          <CopyLine line={`${line} -- psql`} label="psql line" className="mt-2" />
        </>
      )}
    </Sheet>
  );
}
