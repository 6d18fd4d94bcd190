import { virtualSoak } from '../../../libs/connect/test/virtual-soak.ts';
import { build } from '../../start/build.ts';
import { repository } from '../../start/installation.ts';
import { growthByUse, growthInAnHour, growthOf, series, type Cause } from '../memory-growth.ts';
import { count, type Proof, type ProofReport } from '../proof.ts';
import { since, SteadyUse, type Done, type Pace } from '../steady-use.ts';
import type { UseSample } from '../use-samples.ts';

/** Growth that is taken for flat, KiB per virtual hour. */
const virtualSlopeMax = 64;
/** Shorter than this, the clock tells nothing: what each conversation and each close leave is judged. */
const hourFromMinutes = 30;

const ordinary = { pauseMs: 500, closeAfterSeconds: 120, sampleEveryMs: 15_000 };
/** As many of one thing in a minute as else in half an hour, and few of the other, so that each tells for itself what it leaves. A session that lived for less than 3 s is got back after a pause. */
const hurried = {
  conversation: { pauseMs: 0, closeAfterSeconds: 120, sampleEveryMs: 2_500 },
  close: { pauseMs: 500, closeAfterSeconds: 3.5, sampleEveryMs: 2_500 },
} satisfies Record<Cause, Pace>;
const causes = ['conversation', 'close'] as const;
/** So many of each tell: half a kilobyte of each is more than what comes and goes. */
const telling = { conversations: 300, closes: 60 };
/**
 * Before anything is measured, as much is done as fills what remembers a fixed number: the AWS SDK keeps 50 signing keys with their session tokens, two
 * for each lease. V8 compiles most of what gets hot meanwhile.
 */
const warmUp = { conversations: 300, leases: 30, minutes: { quick: 1, full: 4 } };
/** Then as much of what an hour judges as V8 and the kernel take to find their sizes for it, minutes. */
const settling = 15;
/** A canary leaks for each. What is least of a channel that is kept weighs more than that of a close. */
const canaryBytes = { conversation: 1_024, close: 8_192 } satisfies Record<Cause, number>;
const seriesOf = "KiB of data, of code, of V8's heap, resident";
/** For warming up, canaries, and a machine that does other things too. */
const moreMinutes = 40;

interface RealSoak extends Done {
  /** What was seen, for the reader. */
  readonly figures: string;
  readonly found: readonly string[];
}

type Enough = (minutes: number, done: Done) => boolean;

/** The hour: one steady conversation and many short ones against the emulated AWS, which closes every connection each two minutes. */
async function anHour(use: SteadyUse, minutes: number, report: ProofReport): Promise<RealSoak> {
  await use.live(
    ordinary,
    (passed) => passed >= settling,
    (sample) => report.progress(`settling: ${told(sample)}`),
  );
  const before = use.done;
  const samples = await use.live(
    ordinary,
    (passed) => passed >= minutes,
    (sample) => report.progress(`of ${minutes} minutes: ${told(sample)}`),
  );
  report.note(`${seriesOf}: ${series(samples)}`);
  // What the warming up was too short for on a busy machine.
  const growth = growthOf(samples.slice(Math.floor(samples.length / 5)));
  const { inUse, data, code, resident } = growth;
  const figures =
    `${inUse.toFixed(0)} KiB/h in use (${data.toFixed(0)} objects and buffers, ${code.toFixed(0)} compiled), ` +
    `${resident.toFixed(0)} KiB/h resident`;
  return { ...since(before, use.done), figures, found: growthInAnHour(growth) };
}

/** What an hour does, in minutes: what each conversation and each close leave, and that a kilobyte for each would be seen. */
async function inAHurry(use: SteadyUse, minutes: number, report: ProofReport): Promise<RealSoak> {
  const before = use.done;
  const found: string[] = [];
  const figures: string[] = [];
  for (const planted of [false, true])
    for (const cause of causes) {
      const leaked = planted ? canaryBytes[cause] : 0;
      const what = leaked > 0 ? `canary, ${cause}` : cause;
      const enough: Enough = (passed, done) =>
        done[`${cause}s`] >= telling[`${cause}s`] && (leaked > 0 || passed >= minutes / causes.length);
      const pace = { ...hurried[cause], ...(leaked > 0 && { leak: { [cause]: leaked } }) };
      const samples = await use.live(pace, enough, (sample) => report.progress(`${what}: ${told(sample)}`));
      const growth = growthOf(samples);
      const each = growth[cause];
      figures.push(`${what} ${each.toFixed(0)} bytes`);
      report.note(`${what}: ${each.toFixed(0)} bytes each; ${seriesOf}: ${series(samples)}`);
      const seen = growthByUse(growth, cause);
      if (leaked === 0) found.push(...seen);
      else if (seen.length === 0)
        found.push(`a planted leak of ${leaked} bytes for each ${cause} was not seen`);
    }
  return { ...since(before, use.done), figures: `each leaves: ${figures.join(', ')}`, found };
}

async function realSoak(minutes: number, warmMinutes: number, report: ProofReport): Promise<RealSoak> {
  const use = await SteadyUse.start(minutes + moreMinutes);
  try {
    for (const cause of causes) {
      const enough: Enough = (passed, { conversations, leases }) =>
        passed >= warmMinutes / causes.length &&
        (cause === 'conversation' ? conversations >= warmUp.conversations : leases >= warmUp.leases);
      await use.live(hurried[cause], enough, (sample) => report.progress(`warming up: ${told(sample)}`));
    }
    const real = await (minutes >= hourFromMinutes ? anHour : inAHurry)(use, minutes, report);
    return { ...real, found: [...use.found, ...real.found] };
  } finally {
    await use.end();
  }
}

/** `MINUTES=N` sets the real part: 60 by default, 2 with --quick. */
export const soak: Proof = {
  name: 'soak',
  shows: 'a tunnel lives for a day of virtual time and an hour of real time, with flat memory',
  run: async (scale, report) => {
    const hours = 24;
    const minutes = Number(process.env['MINUTES'] ?? (scale === 'full' ? 60 : 2));
    const virtual = await virtualSoak(hours, 1, (text) => report.progress(text));
    await build(repository);
    const real = await realSoak(minutes, warmUp.minutes[scale], report);
    const found = [...virtual.found, ...real.found];
    if (virtual.slope > virtualSlopeMax)
      found.push(`memory grows by ${virtual.slope.toFixed(1)} KiB per virtual hour`);
    return {
      amount: `${hours} virtual hours, ${minutes} real minutes`,
      found,
      figures:
        `virtual: ${count(virtual.conversations)} conversations, ${virtual.closes} closes, ${virtual.slope.toFixed(1)} KiB/h; ` +
        `real: ${count(real.conversations)} conversations, ${real.closes} closes, ${real.megabytes.toFixed(0)} MB, ${real.figures}`,
    };
  },
};

const told = ({ hours, conversations, closes, sessions, data, code, heap, resident }: UseSample) =>
  `${(hours * 60).toFixed(1)} min, ${conversations} conversations, ${closes} closes, ${sessions} sessions, KiB ${[data, code, heap, resident].map((bytes) => (bytes / 1024).toFixed(0)).join(' ')}`;
