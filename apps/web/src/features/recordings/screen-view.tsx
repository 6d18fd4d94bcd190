'use client';
import { memo, type CSSProperties } from 'react';
import { cn } from '../../design/cn.ts';
import type { Look, Run, Shown } from './terminal-screen.ts';

/** What the terminal showed: as text, which can be marked, copied and read out. It fits the width it is given. */
export function ScreenView({ shown, onToggle }: { shown: Shown; onToggle: () => void }) {
  // A character of the fixed-width font is 0.6 of its size wide, plus the padding at both sides.
  const style = { '--term-columns': shown.columns } as CSSProperties;
  return (
    <div className="terminal-frame">
      <div
        role="region"
        aria-label="What the terminal showed"
        tabIndex={0}
        className="terminal focus-visible:-outline-offset-2"
        style={style}
        onKeyDown={(event) => {
          if (event.key !== ' ') return;
          event.preventDefault();
          onToggle();
        }}
      >
        {shown.rows.map((runs, row) => (
          <Line key={row} runs={runs} />
        ))}
      </div>
    </div>
  );
}

const same = (a: { runs: readonly Run[] }, b: { runs: readonly Run[] }) =>
  a.runs.length === b.runs.length && JSON.stringify(a.runs) === JSON.stringify(b.runs);

const Line = memo(function Line({ runs }: { runs: readonly Run[] }) {
  return (
    <div className="terminal-line">
      {runs.map(({ text, look }, at) => (
        <span key={at} className={classOf(look)} style={styleOf(look)}>
          {text}
        </span>
      ))}
      {'\n'}
    </div>
  );
}, same);

function classOf({ bold, dim, italic, underline, strike, columns }: Look): string | undefined {
  return (
    cn(
      bold && 'font-bold',
      dim && 'opacity-75',
      italic && 'italic',
      underline && 'underline',
      strike && 'line-through',
      columns !== undefined && 'terminal-cell',
    ) || undefined
  );
}

function styleOf({ ink, paper, columns }: Look): CSSProperties | undefined {
  if (ink === undefined && paper === undefined && columns === undefined) return undefined;
  return {
    ...(ink !== undefined && { color: ink }),
    ...(paper !== undefined && { backgroundColor: paper }),
    ...(columns !== undefined && { width: `${columns}ch` }),
  };
}
