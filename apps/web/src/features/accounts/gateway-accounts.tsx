'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { RefreshCw, UsersRound } from 'lucide-react';
import { applyAccounts, planAccounts } from '../../api/commands.ts';
import type { AccountsGateway, AccountsPlan } from '../../api/contract.ts';
import { problemOf } from '../../api/problem-of.ts';
import { Button } from '../../design/button.tsx';
import { Chip } from '../../design/chip.tsx';
import { useNotice } from '../../design/notices.tsx';
import { Panel } from '../../design/panel.tsx';
import { ProblemNotice } from '../../design/problem-notice.tsx';
import { SkeletonRows } from '../../design/skeleton.tsx';
import { HostPlan } from './host-plan.tsx';
import { appliedSentence, planSentence } from './plan-words.ts';

/** One gateway: its plan is asked for first (nothing is changed by it), and applied as it was shown or not at all. */
export function GatewayAccounts({ gateway: { gateway, group, sync } }: { gateway: AccountsGateway }) {
  const client = useQueryClient();
  const notice = useNotice();
  const planning = useMutation({ mutationFn: () => planAccounts(gateway) });
  const applying = useMutation({
    mutationFn: (digest: string) => applyAccounts(gateway, digest),
    onSuccess: (applied) => {
      const whole = applied.hosts.every(({ state }) => state === 'applied');
      notice(`Accounts on ${gateway}`, `${appliedSentence(applied)}.`, !whole);
      planning.mutate();
    },
    onSettled: () => void client.invalidateQueries({ queryKey: ['audit'] }),
  });
  const plan = planning.data;
  const problem = planning.error ?? applying.error;
  const busy = planning.isPending || applying.isPending;
  return (
    <section aria-label={`Accounts on ${gateway}`}>
      <Panel>
        <header className="flex flex-wrap items-center gap-x-4 gap-y-2 border-b border-line px-4 py-3">
          <h2 className="min-w-0 flex-1 basis-48 text-sm font-semibold text-ink">
            {gateway}
            <span className="ml-2 font-normal text-ink-2">people of {group}</span>
          </h2>
          {sync && (
            <Chip tone="accent" icon={RefreshCw}>
              Follows its group by itself
            </Chip>
          )}
          <Button
            busy={planning.isPending}
            onClick={() => {
              applying.reset();
              if (!busy) planning.mutate();
            }}
          >
            {planning.isPending
              ? 'Asking the hosts…'
              : plan
                ? 'Ask the hosts again'
                : 'Show what would be done'}
          </Button>
        </header>
        {problem && (
          <div className="p-4">
            <ProblemNotice problem={problemOf(problem)} />
          </div>
        )}
        {planning.isPending && !plan && <SkeletonRows label={`Asking the hosts of ${gateway}`} />}
        {!plan && !planning.isPending && !problem && (
          <p className="flex items-center gap-2 px-4 py-4 text-sm text-ink-2">
            <UsersRound aria-hidden className="size-4 shrink-0" />
            The hosts are asked first; nothing changes until you apply what they answered.
          </p>
        )}
        {plan && <Plan plan={plan} busy={busy} applying={applying.isPending} onApply={applying.mutate} />}
      </Panel>
    </section>
  );
}

function Plan({
  plan,
  busy,
  applying,
  onApply,
}: {
  plan: AccountsPlan;
  busy: boolean;
  applying: boolean;
  onApply: (digest: string) => void;
}) {
  return (
    <div>
      {plan.hosts.map((host) => (
        <HostPlan key={host.instanceId} host={host} />
      ))}
      {plan.unreached.map(({ instanceId, instanceName, code }) => (
        <p key={instanceId} className="border-b border-line px-4 py-3 text-sm text-ink-2">
          <span className="font-medium text-ink">{instanceName ?? instanceId}</span> could not be asked (
          <span className="font-mono text-xs">{code}</span>)
        </p>
      ))}
      <footer className="flex flex-wrap items-center gap-x-4 gap-y-2 bg-sunken px-4 py-3">
        <p className="min-w-0 flex-1 basis-60 text-sm text-ink">
          In all: {planSentence(plan)}.
          <span className="block font-mono text-2xs text-ink-2" title={`Plan ${plan.digest}`}>
            plan {plan.digest.slice(0, 16)}
          </span>
        </p>
        <Button
          kind="primary"
          busy={applying}
          blockedBecause={plan.changes === 0 ? 'There is nothing to do.' : undefined}
          onClick={() => {
            if (!busy && plan.changes > 0) onApply(plan.digest);
          }}
        >
          {applying ? 'Applying…' : 'Apply this plan'}
        </Button>
      </footer>
    </div>
  );
}
