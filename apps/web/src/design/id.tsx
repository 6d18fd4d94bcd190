/** An id shortened in its middle; whole on hover, and whole for those who listen. */
export function Id({
  value,
  head = 8,
  tail = 4,
  className,
}: {
  value: string;
  head?: number;
  tail?: number;
  className?: string;
}) {
  return (
    <span title={value} className={className}>
      {middleTruncated(value, head, tail)}
    </span>
  );
}

/** `grt_01HZX5…9K2M`: the middle goes when anything must. */
export function middleTruncated(value: string, head: number, tail: number): string {
  return value.length <= head + tail + 1 ? value : `${value.slice(0, head)}…${value.slice(-tail)}`;
}
