/** Tells what happened and a few classified fields; never a token, a key, a URL's query or a payload. */
export type Debug = (
  happening: string,
  fields?: Readonly<Record<string, string | number | boolean | null | undefined>>,
) => void;
