/** Feature decisions by version text (specification section 10.2). The two ends decide separately and by different rules. */

/** The client's comparison: both texts must be numbers with the same count of parts, else false. */
function clientSideGreater(version: string, threshold: string): boolean {
  const left = numbersOf(version);
  const right = numbersOf(threshold);
  if (left === undefined || right === undefined || left.length !== right.length) return false;
  return compareParts(left, right) > 0;
}

/** What a client decides from AgentVersion in the handshake request. */
export function featuresOfAgent(agentVersion: string): {
  readonly terminateSessionFlag: boolean;
  readonly multiplexing: boolean;
  readonly keepAliveDisabled: boolean;
} {
  return {
    terminateSessionFlag: clientSideGreater(agentVersion, '2.3.722.0'),
    multiplexing: clientSideGreater(agentVersion, '3.0.196.0'),
    keepAliveDisabled: clientSideGreater(agentVersion, '3.1.1511.0'),
  };
}

/** What an agent decides from ClientVersion in the handshake response; missing parts count as 0, odd text as version 0. */
export function featuresOfClient(clientVersion: string): {
  readonly multiplexing: boolean;
  readonly keepAliveDisabled: boolean;
  /** The client is too old for separate output streams; the agent puts a notice into CustomerMessage. */
  readonly outputSeparationWarning: boolean;
} {
  const version = numbersOf(clientVersion) ?? [];
  return {
    multiplexing: compareParts(version, [1, 1, 70]) >= 0,
    keepAliveDisabled: compareParts(version, [1, 2, 331, 0]) > 0,
    outputSeparationWarning: compareParts(version, [1, 2, 295, 0]) <= 0,
  };
}

function numbersOf(version: string): number[] | undefined {
  const parts = version.split('.');
  return parts.every((part) => /^\d{1,15}$/.test(part)) ? parts.map(Number) : undefined;
}

/** Compares part by part, missing parts as 0: negative, 0 or positive. */
function compareParts(left: readonly number[], right: readonly number[]): number {
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
