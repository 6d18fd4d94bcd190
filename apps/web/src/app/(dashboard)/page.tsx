import type { Metadata } from 'next';
import { Suspense } from 'react';
import { ResourcesPage } from '../../features/resources/resources-page.tsx';

export const metadata: Metadata = { title: 'Resources' };

export default function Page() {
  return (
    <Suspense>
      <ResourcesPage />
    </Suspense>
  );
}
