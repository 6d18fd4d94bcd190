'use client';
import { ChevronRight, EyeOff, Radio, ShieldAlert } from 'lucide-react';
import { useEffect, useRef } from 'react';
import type { FactsItem, Network } from '../../api/contract.ts';
import { cn } from '../../design/cn.ts';
import { Id } from '../../design/id.tsx';
import { KeyCap } from '../../design/key-cap.tsx';
import { Told } from '../../design/times.tsx';
import { byNetwork, speedText, wayText } from '../resources/network-reach.ts';
import { recordedText } from '../resources/session-reach.ts';
import { policyLines } from './policy-lines.ts';
import { reachAddress, reachSentence, selectorText } from './reach-sentence.ts';
import { Row } from './row.tsx';
import { ShellRows, SshRows } from './session-rows.tsx';

interface ReachPanelProps {
  item: FactsItem;
  /** True when it is reachable already and the request is for more time. */
  stands?: boolean;
  policyOpen: boolean;
  onPolicy: () => void;
}

/** What exactly becomes reachable by one item. Every word here was derived by the server. */
export function ReachPanel({ item, stands = false, policyOpen, onPolicy }: ReachPanelProps) {
  const kept = recordedText(item);
  const Recorded = kept.recorded ? Radio : EyeOff;
  return (
    <section>
      <h3 className="mb-1.5 text-xs font-semibold text-ink-2">
        {stands ? 'What stays reachable' : 'What becomes reachable'}
      </h3>
      <div className="overflow-hidden rounded-lg border border-line">
        <div className="bg-accent-soft px-4 py-3">
          <p className="font-mono text-lg font-semibold text-ink wrap-anywhere">{reachAddress(item)}</p>
          <p className="text-sm text-ink-2">
            {reachSentence(item)} · <span className="font-medium text-ink">{item.resource.name}</span>
          </p>
        </div>
        <dl className="divide-y divide-line text-sm">
          {item.network && <NetworkRows network={item.network} />}
          {item.ssh && <SshRows ssh={item.ssh} />}
          {item.shell && <ShellRows item={{ ...item, shell: item.shell }} />}
          <Row name="Through gateway">
            <span className="font-mono text-xs">{item.gateway.instanceId ?? 'chosen at issue'}</span>
            <span className="text-xs text-ink-2"> · {selectorText(item.gateway.selector)}</span>
          </Row>
          <Row name="In account">
            {item.account.name} <span className="font-mono text-xs text-ink-2">{item.account.id}</span> ·{' '}
            {item.region}
          </Row>
          <Row name={item.documents ? 'By documents' : 'By document'}>
            <ul className="space-y-0.5">
              {(item.documents ?? [item.document]).map(({ name, sha256 }) => (
                <li key={name}>
                  <span className="font-mono text-xs">{name}</span>{' '}
                  <span className="text-xs text-ink-2">
                    sha256 <Id value={sha256} className="font-mono" />
                  </span>
                </li>
              ))}
            </ul>
          </Row>
          <Row name="What this adds">
            <Told sentence={item.adds} />
          </Row>
          <Row name="Recorded">
            <span className="inline-flex items-start gap-1.5">
              <Recorded aria-hidden className="mt-[3px] size-3.5 shrink-0 text-ink-2" />
              <span>
                {kept.recorded ? 'Yes. ' : 'No. '}
                {kept.sentence}
                {item.recording.where && (
                  <span className="font-mono text-xs text-ink-2"> {item.recording.where}</span>
                )}
              </span>
            </span>
          </Row>
        </dl>
        <button
          type="button"
          onClick={onPolicy}
          aria-expanded={policyOpen}
          className="flex h-9 w-full items-center gap-2 border-t border-line px-4 text-xs font-medium text-ink-2 transition-colors duration-100 hover:bg-hover hover:text-ink focus-visible:-outline-offset-2"
        >
          <ChevronRight
            aria-hidden
            className={cn('size-3.5 transition-transform duration-100', policyOpen && 'rotate-90')}
          />
          Session policy
          <KeyCap className="ml-auto">p</KeyCap>
        </button>
        {policyOpen && <Policy item={item} />}
      </div>
    </section>
  );
}

/** Which addresses, ports and names of a network, and who holds people to them. */
function NetworkRows({ network }: { network: Network }) {
  return (
    <>
      <Row name="Addresses, ports">
        <ul className="space-y-0.5">
          {byNetwork(network).map(({ cidr, carried }) => (
            <li key={cidr}>
              <span className="font-mono text-xs">{cidr}</span>
              <span className="text-ink-2"> · {carried}</span>
            </li>
          ))}
        </ul>
      </Row>
      <Row name="Names">
        {network.suffixes.length === 0 ? (
          'None'
        ) : (
          <span className="font-mono text-xs">
            {network.suffixes.map((suffix) => `*.${suffix}`).join(', ')}
          </span>
        )}
        {network.resolver && (
          <span className="text-xs text-ink-2">
            {' '}
            asked of <span className="font-mono">{network.resolver}</span>
          </span>
        )}
      </Row>
      {speedText(network) && <Row name="At most">{speedText(network)}</Row>}
      <Row name="Held to it by">
        {network.everything ? (
          <strong className="inline-flex items-start gap-1.5 font-semibold text-denied">
            <ShieldAlert aria-hidden className="mt-[3px] size-3.5 shrink-0" />
            {wayText(network)}
          </strong>
        ) : (
          wayText(network)
        )}
      </Row>
    </>
  );
}

function Policy({ item }: { item: FactsItem }) {
  const panel = useRef<HTMLDivElement>(null);
  useEffect(() => {
    void panel.current?.scrollIntoView({ block: 'center' });
  }, []);
  const lines = policyLines(item.sessionPolicy, [item.gateway.instanceId, item.document.name]);
  return (
    <div ref={panel} className="border-t border-line bg-sunken">
      <p className="px-4 pt-3 text-xs text-ink-2">
        Issued with every lease of this grant{item.documents && ', each with one of its documents'}. Marked
        lines tie it to this request and nothing else.
      </p>
      <pre
        tabIndex={0}
        aria-label="Session policy"
        className="max-h-96 overflow-auto px-0 py-3 font-mono text-xs leading-5 text-ink focus-visible:-outline-offset-2"
      >
        {lines.map((line, index) => (
          <span
            key={index}
            className={cn('block px-4', line.pinned && 'border-l-2 border-accent bg-accent-soft pl-[14px]')}
          >
            {line.text}
          </span>
        ))}
      </pre>
    </div>
  );
}
