'use client';
import '../design/styles.css';
import { problemOf } from '../api/problem-of.ts';
import { Button } from '../design/button.tsx';
import { ProblemNotice } from '../design/problem-notice.tsx';

/** What is shown when the frame itself failed. Replaces Next's own page, whose inline styles the policy blocks. */
export default function FrameFailed({ error, reset }: { error: Error; reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <title>Sallyport</title>
        <main className="mx-auto max-w-lg px-6 py-24">
          <ProblemNotice problem={problemOf(error)}>
            <Button onClick={reset}>Try again</Button>
          </ProblemNotice>
        </main>
      </body>
    </html>
  );
}
