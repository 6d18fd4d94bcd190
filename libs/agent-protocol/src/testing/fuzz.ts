import { SeededRandom, settle } from '@sallyport/effects/simulated';
import { frame } from '../frame/encode.ts';
import { frameTypes, type FrameType } from '../frame/frame-type.ts';
import { Pair } from './pair.ts';

/** Frames with random, near-valid and huge fields, and bytes that are none. */
export function hostileBytes(random: SeededRandom): Uint8Array {
  const pick = (limit: number) => Math.floor(random.fraction() * limit);
  if (pick(8) === 0) return random.bytes(1 + pick(200));
  const types = Object.values(frameTypes);
  const type = pick(10) === 0 ? pick(256) : types[pick(types.length)]!;
  const length = [0, 1, 2, 4, 6, 7, 8, 9, 10, 11, 40, 300, 9_000][pick(13)]!;
  const body = random.bytes(length);
  // Offsets and numbers near to what is right do more harm than random ones.
  if (pick(3) > 0) body.fill(0, 0, Math.min(5, length));
  const id = [0, 1, 2, 3, 5, 0xffff_ffff, pick(2_000)][pick(7)]!;
  return frame(type as FrameType, id, body);
}

/**
 * Lets a peer that was admitted say hostile things, to the agent or to the client, while an honest client uses the same agent. What is wrong, or
 * undefined: the honest conversation must live, and what the victim holds stay small.
 */
export async function fuzzLink(seed: number, to: 'agent' | 'client'): Promise<string | undefined> {
  const random = new SeededRandom(seed);
  const pair = new Pair({ seed });
  await pair.connect(1);
  const talk = pair.open();
  talk.stream?.write(new Uint8Array(100));
  await pair.run(10);
  const pipe = pair.pipes[0]!;
  for (let round = 0; round < 60 && !pipe.isCut; round++) {
    const bytes = hostileBytes(random);
    (to === 'agent' ? pipe.leftSink : pipe.rightSink).send([bytes]);
    pair.time.advance(1 + Math.floor(random.fraction() * 5));
    if (round % 10 === 0) await settle();
    const { streams = 0 } = pair.agent.associations[0] ?? {};
    if (streams > 512 || pair.client.streams > 512) return 'more conversations than the limit';
  }
  await pair.run(20);
  // A violation ends the link; what is left of it is nothing.
  if (to === 'agent' && pipe.isCut && pair.agent.associations.some(({ carriers }) => carriers > 0))
    return 'a carrier that is gone is still counted';
  const other = pair.carrier();
  await pair.run(50);
  if (pair.client.over) {
    other.cut();
    return pair.client.streams > 0 ? 'conversations outlive their link' : undefined;
  }
  const again = pair.open();
  again.stream?.write(new Uint8Array(10));
  await pair.run(200);
  // The hostile peer may have used up ids, or credit of the shared link: then it ends, but never stays half dead with an error of ours.
  return again.bytes === 10 || again.broken !== undefined || pair.client.over || to === 'agent'
    ? undefined
    : 'an honest conversation gets no answer';
}
