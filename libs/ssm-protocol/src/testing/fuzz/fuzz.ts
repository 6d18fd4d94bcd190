import type { WireEnvironment } from '../../environment.ts';
import { Chance } from '../chance.ts';
import { decoderJudges, type Judge } from './decoders.ts';
import { HostileBytes } from './hostile-bytes.ts';
import { SessionFuzzer } from './sessions.ts';
import { fromHex, toHex } from '../hex.ts';

/** What fuzzing found: a sentence with the input that shows it. */
export interface FuzzFinding {
  readonly target: string;
  readonly what: string;
  /** Hexadecimal, cut after 512 bytes. */
  readonly input: string;
}

export interface FuzzOptions {
  readonly seed: number;
  readonly inputs: number;
  readonly sha256: WireEnvironment['sha256'];
  /** Well-formed inputs to begin from, for example the bytes of the golden vectors. */
  readonly seeds: readonly Uint8Array[];
  /** More decoders to judge, for canaries. */
  readonly judges?: Readonly<Record<string, Judge>>;
}

const findingsMax = 10;

/** Feeds hostile inputs to every decoder and to whole sessions. Ends early after ten findings. */
export function fuzzDecoders(options: FuzzOptions): readonly FuzzFinding[] {
  const { seed, inputs, sha256, seeds } = options;
  const chance = new Chance(seed);
  const hostile = new HostileBytes(chance, seeds);
  const sessions = new SessionFuzzer(chance, sha256);
  const targets: readonly (readonly [string, Judge])[] = [
    ...Object.entries({ ...decoderJudges(sha256), ...options.judges }),
    ['sessions', (input) => sessions.judge(input)],
  ];
  const findings: FuzzFinding[] = [];
  for (let count = 0; count < inputs && findings.length < findingsMax; count += 1) {
    const [target, judge] = targets[count % targets.length]!;
    const input = hostile.next();
    const what = judged(judge, input, chance);
    if (what !== undefined) findings.push({ target, what, input: toHex(input.subarray(0, 512)) });
  }
  return findings;
}

function judged(judge: Judge, input: Uint8Array, chance: Chance): string | undefined {
  try {
    return judge(input, chance);
  } catch (error) {
    return `threw ${String(error)}`;
  }
}

/** The bytes of golden vectors and handshake texts, as inputs to begin from. */
export function fuzzSeedsOf(vectors: readonly Readonly<Record<string, unknown>>[]): readonly Uint8Array[] {
  const encoder = new TextEncoder();
  const seeds: Uint8Array[] = [];
  for (const vector of vectors) {
    for (const hex of [vector['hex'], vector['payloadHex']]) {
      if (typeof hex === 'string') seeds.push(fromHex(hex));
    }
    if (typeof vector['text'] === 'string') seeds.push(encoder.encode(vector['text']));
  }
  return seeds;
}
