import { KeyRound, LockOpen } from 'lucide-react';
import type { FactsItem } from '../../api/contract.ts';
import { commandsText, encryptionText, logsText, recordingText } from '../resources/session-reach.ts';
import { Row } from './row.tsx';

/** As whom people sign in to a host, and by which key. */
export function SshRows({ ssh }: { ssh: NonNullable<FactsItem['ssh']> }) {
  return (
    <>
      <Row name="As user">
        <span className="font-mono text-xs">{ssh.user}</span>
        <span className="text-ink-2"> · whatever this user may do on the host, sudo included</span>
      </Row>
      <Row name="By key">
        {ssh.instanceConnect
          ? 'A key that lives a minute, pushed at each start'
          : 'Keys that the host has itself'}
      </Row>
    </>
  );
}

/** What may be done on a host, as whom, and how it is kept. */
export function ShellRows({ item }: { item: FactsItem & { shell: NonNullable<FactsItem['shell']> } }) {
  const { shell } = item;
  const Lock = shell.keyArn === null ? LockOpen : KeyRound;
  const what = [...(shell.login ? ['a shell'] : []), commandsText(shell)].filter(Boolean).join(', and ');
  return (
    <>
      <Row name="As user">
        <span className="font-mono text-xs">{shell.runAs}</span>
        <span className="text-ink-2"> · whatever this user may do on the host, sudo included</span>
      </Row>
      <Row name="May run">
        {what}
        {shell.commands.listed.length > 0 && (
          <ul className="mt-1 space-y-0.5">
            {shell.commands.listed.map(({ name, run }) => (
              <li key={name} className="font-mono text-xs">
                {name}: <span className="text-ink-2">{run}</span>
              </li>
            ))}
          </ul>
        )}
      </Row>
      <Row name="Encryption">
        <span className="inline-flex items-start gap-1.5" title={shell.keyArn ?? undefined}>
          <Lock aria-hidden className="mt-[3px] size-3.5 shrink-0 text-ink-2" />
          {encryptionText(shell)}
        </span>
      </Row>
      <Row name="Logged">{logsText(shell)}</Row>
      <Row name="Client recording">{recordingText(shell)}</Row>
    </>
  );
}
