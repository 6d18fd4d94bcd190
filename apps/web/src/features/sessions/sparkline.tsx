'use client';
import { useState } from 'react';
import { serverNow } from '../../clock/server-clock.ts';
import { bytesInWords } from '../../design/bytes.ts';
import { rates, sparkPoints, withSample, type ByteSample } from './byte-history.ts';

const width = 64;
const height = 20;

/** What a session moves, as a line over the last minutes that this page has seen. */
export function Sparkline({ bytes, at }: { bytes: number; at: string }) {
  const [samples, setSamples] = useState<ByteSample[]>(() => [{ at: Date.parse(at), bytes }]);
  const [seen, setSeen] = useState(at);
  if (seen !== at) {
    setSeen(at);
    setSamples(withSample(samples, { at: Date.parse(at) || serverNow(), bytes }));
  }
  const values = rates(samples);
  const now = values.at(-1) ?? 0;
  return (
    <svg
      role="img"
      aria-label={`${bytesInWords(now)} per second now`}
      viewBox={`0 0 ${width} ${height}`}
      width={width}
      height={height}
      className="block"
    >
      <line
        x1="0"
        x2={width}
        y1={height - 0.5}
        y2={height - 0.5}
        className="stroke-line-strong"
        strokeWidth="1"
      />
      {values.length > 0 && (
        <polyline
          points={sparkPoints(values, width, height)}
          fill="none"
          strokeWidth="1.5"
          strokeLinejoin="round"
          className="stroke-accent"
        />
      )}
    </svg>
  );
}
