/** Doubles and readers for tests: a simulated pair of ends on a faulty path, and the recorded transcripts. */
export {
  joinBytes,
  SimulatedEnd,
  SimulatedPair,
  type LinkFaults,
  type SimulatedPairOptions,
} from './simulated-pair.ts';
export { SimulatedShell, type SimulatedShellOptions } from './simulated-shell.ts';
export { Chance } from './chance.ts';
export { fuzzDecoders, fuzzSeedsOf, type FuzzFinding, type FuzzOptions } from './fuzz/fuzz.ts';
export { plantedBugs, type PlantedBug } from './simulation/planted-bugs.ts';
export { replayLine, simulate, type Simulation, type SimulateOptions } from './simulation/simulate.ts';
export { fromHex, toHex } from './hex.ts';
export { judgeVector, readVectors, type Vector, type VectorTools } from './vectors.ts';
export { DirectionRecord, type Progress, type RecordForm } from './direction-record.ts';
export {
  connectionsOf,
  formOf,
  gatewayFrames,
  readTranscript,
  recordOf,
  stepsOf,
  type ConnectionAct,
  type Content,
  type Transcript,
  type TranscriptAction,
  type TranscriptConnection,
  type TranscriptEvent,
  type TranscriptMetadata,
  type TranscriptStep,
} from './transcript.ts';
