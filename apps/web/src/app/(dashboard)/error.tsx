'use client';
import { problemOf } from '../../api/problem-of.ts';
import { Button } from '../../design/button.tsx';
import { ProblemNotice } from '../../design/problem-notice.tsx';

/** What is shown in place of a page that failed; the rail stays. */
export default function PageFailed({ error, reset }: { error: Error; reset: () => void }) {
  return (
    <div className="mx-auto max-w-lg py-16">
      <ProblemNotice problem={problemOf(error)}>
        <Button onClick={reset}>Try again</Button>
      </ProblemNotice>
    </div>
  );
}
