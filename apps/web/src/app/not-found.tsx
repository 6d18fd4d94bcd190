import Link from 'next/link';
import { Logo } from '../design/logo.tsx';

export default function NotFound() {
  return (
    <main className="mx-auto flex min-h-dvh max-w-sm flex-col items-center justify-center px-6 text-center">
      <Logo open={false} className="size-10" />
      <h1 className="mt-6 text-xl font-semibold">There is no door here</h1>
      <p className="mt-1 text-sm text-ink-2">The address is not one of this dashboard.</p>
      <Link href="/" className="mt-5 rounded-md text-sm font-medium text-accent underline underline-offset-4">
        Go to the resources
      </Link>
    </main>
  );
}
