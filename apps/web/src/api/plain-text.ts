/**
 * Characters that change how *other* text is shown, or that cannot be seen at all: C0 and C1 controls except tab and
 * line feed, bidirectional marks, embeddings, overrides and isolates, zero-width characters, and the byte order mark.
 */
const deceptive =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

/** Text as it may be shown: what people typed, without the characters by which it could pose as something else. */
export function plainText(text: string): string {
  return text.replace(deceptive, '');
}

/** Parses JSON and makes every string in it plain text, so that no screen can forget to. */
export function parsePlainJson(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown) => (typeof value === 'string' ? plainText(value) : value));
}
