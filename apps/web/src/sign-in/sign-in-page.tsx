'use client';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useRouter, useSearchParams } from 'next/navigation';
import { useState } from 'react';
import { problemOf } from '../api/problem-of.ts';
import { signIn } from '../api/commands.ts';
import { Button } from '../design/button.tsx';
import { TextField } from '../design/field.tsx';
import { Logo } from '../design/logo.tsx';
import { ProblemNotice } from '../design/problem-notice.tsx';
import { nextPlace } from './next-place.ts';

/** Email and password; then on to the page that was asked for. */
export function SignInPage() {
  const router = useRouter();
  const client = useQueryClient();
  const next = nextPlace(useSearchParams().get('next'));
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const entering = useMutation({
    mutationFn: () => signIn(email.trim(), password),
    onSuccess: (me) => {
      client.clear();
      client.setQueryData(['me'], me);
      router.replace(next);
    },
    onError: () => setPassword(''),
  });
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-sm flex-col justify-center px-6 py-12">
      <Logo open={entering.isSuccess} className="size-11" />
      <h1 className="mt-5 text-xl font-semibold tracking-tight">Sign in to Sallyport</h1>
      <p className="mt-1 text-sm text-ink-2">One door, one errand, one person at a time.</p>
      <form
        className="mt-6 space-y-3"
        onSubmit={(event) => {
          event.preventDefault();
          if (!entering.isPending) entering.mutate();
        }}
      >
        {entering.error && <ProblemNotice problem={problemOf(entering.error)} />}
        <TextField
          label="Email"
          name="email"
          type="email"
          autoComplete="username"
          required
          autoFocus
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        <TextField
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        <Button type="submit" kind="primary" size="large" busy={entering.isPending} className="w-full">
          {entering.isPending ? 'Signing in…' : 'Sign in'}
        </Button>
      </form>
    </main>
  );
}
