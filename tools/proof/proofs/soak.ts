import { join } from 'node:path';
import { EchoFlow } from '../../../e2e/harness/echo-flow.ts';
import { KeptTunnel } from '../../../e2e/harness/kept-tunnel.ts';
import { Product } from '../../../e2e/harness/product.ts';
import { memoryInUse, slopeKiBPerHour, type Sample } from '../../../libs/connect/test/memory-trend.ts';
import { virtualSoak } from '../../../libs/connect/test/virtual-soak.ts';
import { build } from '../../start/build.ts';
import { repository } from '../../start/installation.ts';
import { count, type Proof, type ProofReport } from '../proof.ts';

const world = join(repository, 'apps/sandbox/test/world');
/** Growth that is taken for flat, KiB an hour: by virtual hours, and by real ones under a steady conversation. */
const virtualSlopeMax = 64;
const realSlopeMax = 1_024;
/** What the kernel gives the process; it comes and goes in greater pieces than what is in use. */
const residentSlopeMax = 8_192;
const sampleEveryMs = 15_000;
const closeAfterSeconds = 120;

interface RealSoak {
  readonly conversations: number;
  readonly closes: number;
  readonly megabytes: number;
  readonly slope: number;
  readonly residentSlope: number;
  readonly found: string[];
}

/** One steady conversation and many short ones against the emulated AWS, which closes every connection each two minutes. */
async function realSoak(minutes: number, report: ProofReport): Promise<RealSoak> {
  const product = await Product.start({
    sandboxArgs: ['--world', join(world, 'transfer.yaml')],
    apiEnvironment: { SALLYPORT_CATALOG: join(world, 'transfer-catalog.yaml') },
  });
  const found: string[] = [];
  const samples: Sample[] = [];
  const resident: Sample[] = [];
  let conversations = 0;
  try {
    const kept = await KeptTunnel.open(product, 'test-echo', {
      seconds: minutes * 60 + 600,
      sessionsMax: 8,
    });
    await product.sandbox.faults({ closeAfterSeconds });
    const steady = await EchoFlow.to(kept.tunnel.port);
    const begun = performance.now();
    for (let passed = 0; passed < minutes * 60_000; passed = performance.now() - begun) {
      const next = performance.now() + sampleEveryMs;
      while (performance.now() < next) {
        const short = await EchoFlow.to(kept.tunnel.port);
        if (!(await short.carries(20_000))) found.push(`minute ${passed / 60_000}: a new conversation broke`);
        short.close();
        conversations += 1;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      if (!(await steady.answers())) {
        found.push(`minute ${passed / 60_000}: the steady conversation broke`);
        break;
      }
      samples.push({ hours: passed / 3_600_000, bytes: memoryInUse() });
      resident.push({ hours: passed / 3_600_000, bytes: process.memoryUsage.rss() });
      report.progress(`${(passed / 60_000).toFixed(0)} of ${minutes} real minutes`);
    }
    const megabytes = steady.echoed / 1e6;
    const closes = Object.values(kept.tunnel.snapshot().reconnects).reduce((sum, times) => sum + times, 0);
    steady.close();
    await kept.close();
    const slopes = { slope: slopeKiBPerHour(samples), residentSlope: slopeKiBPerHour(resident) };
    return { conversations, closes, megabytes, ...slopes, found };
  } finally {
    await product.remove();
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
    const real = await realSoak(minutes, report);
    const found = [...virtual.found, ...real.found];
    if (virtual.slope > virtualSlopeMax)
      found.push(`memory grows by ${virtual.slope.toFixed(1)} KiB per virtual hour`);
    // Minutes are too short to tell growth from warming up.
    if (minutes >= 30 && real.slope > realSlopeMax)
      found.push(`memory grows by ${real.slope.toFixed(0)} KiB per real hour`);
    if (minutes >= 30 && real.residentSlope > residentSlopeMax)
      found.push(`resident memory grows by ${real.residentSlope.toFixed(0)} KiB per real hour`);
    return {
      amount: `${hours} virtual hours, ${minutes} real minutes`,
      found,
      figures:
        `virtual: ${count(virtual.conversations)} conversations, ${virtual.closes} closes, ${virtual.slope.toFixed(1)} KiB/h; ` +
        `real: ${count(real.conversations)} conversations, ${real.closes} closes, ${real.megabytes.toFixed(0)} MB, ${minutes < 30 ? 'too short for a slope' : `${real.slope.toFixed(0)} KiB/h in use, ${real.residentSlope.toFixed(0)} KiB/h resident`}`,
    };
  },
};
