'use client';
import { FileKey, LockKeyholeOpen } from 'lucide-react';
import { useRef, useState, type FormEvent } from 'react';
import { Button } from '../../design/button.tsx';
import { TextArea } from '../../design/field.tsx';

/** An identity file is some hundred bytes. */
const fileBytesMax = 100_000;

/**
 * Takes the auditors' private key for one opening. It stays in this page: it is not stored, not put into an address
 * and not sent anywhere.
 */
export function KeyForm({ busy, onKey }: { busy: boolean; onKey: (identityFile: string) => void }) {
  const file = useRef<HTMLInputElement>(null);
  const pasted = useRef<HTMLTextAreaElement>(null);
  const [wrong, setWrong] = useState<string>();
  const give = (text: string) => {
    if (text.trim() === '') return setWrong('Pick the identity file, or paste what stands in it.');
    setWrong(undefined);
    if (pasted.current) pasted.current.value = '';
    onKey(text);
  };
  const picked = async () => {
    const [identity] = file.current?.files ?? [];
    if (!identity) return;
    const text = identity.size <= fileBytesMax ? await identity.text() : '-';
    if (file.current) file.current.value = '';
    give(text);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    give(pasted.current?.value ?? '');
  };
  return (
    <form onSubmit={submit} autoComplete="off" className="max-w-xl space-y-3">
      <p className="text-sm text-ink-2">
        It is decrypted here, in this page. The private key is not sent to the server and not stored; that you
        opened the recording is written into the audit log.
      </p>
      <input
        ref={file}
        type="file"
        className="hidden"
        aria-label="Identity file"
        tabIndex={-1}
        onChange={() => void picked()}
      />
      <TextArea
        ref={pasted}
        label="Auditors' private key"
        hint="AGE-SECRET-KEY-1…, as tunnel recording keygen or age-keygen wrote it"
        wrong={wrong}
        autoComplete="off"
        spellCheck={false}
        autoCapitalize="off"
        data-1p-ignore
        className="font-mono text-xs [-webkit-text-security:disc]"
      />
      <div className="flex flex-wrap gap-2">
        <Button kind="primary" type="submit" busy={busy}>
          <LockKeyholeOpen aria-hidden className="size-4" />
          {busy ? 'Opening…' : 'Open'}
        </Button>
        <Button busy={busy} onClick={() => file.current?.click()}>
          <FileKey aria-hidden className="size-4" />
          Pick the identity file
        </Button>
      </div>
    </form>
  );
}
