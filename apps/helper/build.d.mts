/** Writes the bundle; tells which files went into it. */
export declare function bundleHelper(outfile: string): Promise<{ inputs: string[] }>;
