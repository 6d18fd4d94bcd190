const units = ['B', 'KB', 'MB', 'GB', 'TB'];

/** Bytes for people, in powers of 1000: `0 B`, `812 B`, `1.4 MB`, `23 GB`. */
export function bytesInWords(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? value.toFixed(1) : String(Math.round(value));
  return `${digits} ${units[unit]}`;
}
