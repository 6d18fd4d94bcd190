import type { Metadata } from 'next';
import { Suspense } from 'react';
import { AccessPage } from '../../../features/access/access-page.tsx';

export const metadata: Metadata = { title: 'My access' };

export default function Page() {
  return (
    <Suspense>
      <AccessPage />
    </Suspense>
  );
}
