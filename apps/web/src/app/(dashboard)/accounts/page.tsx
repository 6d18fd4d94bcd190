import type { Metadata } from 'next';
import { Suspense } from 'react';
import { AccountsPage } from '../../../features/accounts/accounts-page.tsx';

export const metadata: Metadata = { title: 'Accounts on hosts' };

export default function Page() {
  return (
    <Suspense>
      <AccountsPage />
    </Suspense>
  );
}
