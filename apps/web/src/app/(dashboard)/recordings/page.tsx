import type { Metadata } from 'next';
import { Suspense } from 'react';
import { RecordingsPage } from '../../../features/recordings/recordings-page.tsx';

export const metadata: Metadata = { title: 'Recordings' };

export default function Page() {
  return (
    <Suspense>
      <RecordingsPage />
    </Suspense>
  );
}
