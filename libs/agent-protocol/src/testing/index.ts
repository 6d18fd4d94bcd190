/** Simulated worlds for tests of both ends. */
export { keyForTests, Pair, Recorded, type PairOptions } from './pair.ts';
export { Pipe, type PipeShape } from './pipe.ts';
export { simulateLink, type SimulatedLife } from './simulation.ts';
export { fuzzLink, shallow, type HostileLife } from './fuzz.ts';
export { dataHeader, frame } from '../frame/encode.ts';
export { frameTypes } from '../frame/frame-type.ts';
