import { virtualSoak } from '../../../libs/connect/test/virtual-soak.ts';
import { build } from '../../start/build.ts';
import { repository } from '../../start/installation.ts';
import { growthByUse, growthInAnHour, growthOf, series, type Growth } from '../memory-growth.ts';
import { count, type Proof, type ProofReport } from '../proof.ts';
import { since, SteadyUse, type Done, type Pace, type UseSample } from '../steady-use.ts';

/** Growth that is taken for flat, KiB per virtual hour. */
const virtualSlopeMax = 64;
/** Shorter than this, the clock tells nothing: what each conversation and each close leave is judged. */
const hourFromMinutes = 30;

const ordinary = { pauseMs: 500, closeAfterSeconds: 120, sampleEveryMs: 15_000 };
/** As many closes in a minute as else in an hour. */
const hurried = { pauseMs: 0, closeAfterSeconds: 0.7, sampleEveryMs: 4_000 };
/**
 * Before anything is measured, as much is done as fills what remembers a fixed number: the AWS SDK keeps 50 signing keys with their session tokens, two
 * for each lease. V8 compiles most of what gets hot meanwhile.
 */
const warmUp = { leases: 30, minutes: { quick: 0.75, full: 4 } };
/** What tells in a hurry: at half of a kilobyte, dozens of KiB, which no other noise is. */
const telling = { conversations: 100, closes: 60 };
const canaryBytes = 1_024;
/** For warming up, canaries, and a machine that does other things too. */
const moreMinutes = 40;

interface RealSoak extends Done {
  readonly growth: Growth;
  readonly found: readonly string[];
}

/** One steady conversation and many short ones against the emulated AWS, which closes every connection each two minutes; shorter runs do the same in a hurry. */
async function realSoak(minutes: number, warmMinutes: number, report: ProofReport): Promise<RealSoak> {
  const use = await SteadyUse.start(minutes + moreMinutes);
  try {
    const live = (what: string, pace: Pace, enough: (minutes: number, done: Done) => boolean) =>
      use.live(pace, enough, (sample) => report.progress(`${what}: ${told(sample)}`));
    const tells = ({ conversations, closes }: Done) =>
      conversations >= telling.conversations && closes >= telling.closes;
    await live(
      'warming up',
      hurried,
      (passed, { leases }) => passed >= warmMinutes && leases >= warmUp.leases,
    );

    const before = use.done;
    const isHour = minutes >= hourFromMinutes;
    const samples = await live(
      `of ${minutes} minutes`,
      isHour ? ordinary : hurried,
      (passed, done) => passed >= minutes && (isHour || tells(done)),
    );
    const growth = growthOf(samples);
    const done = since(before, use.done);
    report.note(`KiB of data, of code, resident: ${series(samples)}`);

    const found = [...(isHour ? growthInAnHour(growth) : growthByUse(growth))];
    for (const cause of isHour ? [] : (['conversation', 'close'] as const)) {
      const pace = { ...hurried, leak: { [cause]: canaryBytes } };
      const grown = growthOf(await live(`canary, ${cause}`, pace, (_, sofar) => tells(sofar)));
      report.note(`a planted leak of ${canaryBytes} bytes for each ${cause}: ${byUse(grown)}`);
      if (growthByUse(grown).length === 0) found.push(`a planted leak for each ${cause} was not seen`);
    }
    return { ...done, growth, found: [...use.found, ...found] };
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
    const { growth, ...real } = await realSoak(minutes, warmUp.minutes[scale], report);
    const found = [...virtual.found, ...real.found];
    if (virtual.slope > virtualSlopeMax)
      found.push(`memory grows by ${virtual.slope.toFixed(1)} KiB per virtual hour`);
    return {
      amount: `${hours} virtual hours, ${minutes} real minutes`,
      found,
      figures:
        `virtual: ${count(virtual.conversations)} conversations, ${virtual.closes} closes, ${virtual.slope.toFixed(1)} KiB/h; ` +
        `real: ${count(real.conversations)} conversations, ${real.closes} closes, ${real.megabytes.toFixed(0)} MB, ` +
        (minutes < hourFromMinutes ? byUse(growth) : anHour(growth)),
    };
  },
};

const anHour = ({ inUse, data, code, resident }: Growth) =>
  `${inUse.toFixed(0)} KiB/h in use (${data.toFixed(0)} objects and buffers, ${code.toFixed(0)} compiled), ${resident.toFixed(0)} KiB/h resident`;

const byUse = ({ perConversation, perClose }: Growth) =>
  `${perConversation.toFixed(0)} bytes a conversation, ${perClose.toFixed(0)} a close`;

const told = ({ hours, conversations, closes, sessions, data, code, resident }: UseSample) =>
  `${(hours * 60).toFixed(1)} min, ${conversations} conversations, ${closes} closes, ${sessions} sessions, KiB ${[data, code, resident].map((bytes) => (bytes / 1024).toFixed(0)).join(' ')}`;
