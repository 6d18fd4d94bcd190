'use client';
import { Unplug } from 'lucide-react';
import type { Grant } from '../../api/contract.ts';
import { Button } from '../../design/button.tsx';
import { Panel, SectionHead } from '../../design/panel.tsx';
import { TimeLeft } from '../../design/times.tsx';
import { FlowsButton } from '../flows/flow-destinations.tsx';
import { cutOfGrant, type Cut } from './cut.ts';

interface OpenGrantsProps {
  grants: Grant[];
  onCut: ((cut: Cut) => void) | undefined;
}

/** Everything that is open to somebody, connected or not. */
export function OpenGrants({ grants, onCut }: OpenGrantsProps) {
  return (
    <>
      <SectionHead title="Open grants" count={grants.length} />
      <Panel>
        <ul aria-label="Open grants" className="divide-y divide-line">
          {grants.map((grant) => (
            <li key={grant.id} className="flex items-center gap-x-4 px-4 py-2.5 text-sm">
              <div className="min-w-0 flex-1">
                <p className="truncate text-ink">
                  <span className="font-semibold">{grant.resource.name}</span> for {grant.person.name}
                </p>
                <p className="truncate text-xs text-ink-2">
                  {grant.automatic
                    ? 'by the policy'
                    : `approved by ${grant.approvedBy?.name ?? 'a reviewer'}`}
                  {grant.reason && ` · “${grant.reason}”`}
                </p>
              </div>
              <span className="hidden text-xs text-ink-2 sm:block">
                {grant.sessions.live} live of {grant.sessions.total}
              </span>
              {grant.state === 'scheduled' ? (
                <span className="w-20 text-right text-xs text-ink-2">scheduled</span>
              ) : (
                <TimeLeft endsAt={grant.endsAt} className="w-20 text-right font-medium" />
              )}
              <span className="hidden sm:block">
                <FlowsButton grant={grant} />
              </span>
              {onCut && (
                <Button data-row size="small" kind="danger" onClick={() => onCut(cutOfGrant(grant))}>
                  <Unplug aria-hidden className="size-3.5" />
                  End
                  <span className="sr-only">
                    {' '}
                    {grant.resource.name} of {grant.person.name}
                  </span>
                </Button>
              )}
            </li>
          ))}
        </ul>
      </Panel>
    </>
  );
}
