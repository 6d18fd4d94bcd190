/** Doubles and readers for tests: a simulated pair of ends on a faulty path, and the recorded transcripts. */
export {
  joinBytes,
  SimulatedEnd,
  SimulatedPair,
  type LinkFaults,
  type SimulatedPairOptions,
} from './simulated-pair.ts';
