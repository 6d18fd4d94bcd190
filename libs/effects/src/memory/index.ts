/** Memory for reading that is used again, and connections that are read into it. */
export { prepareForRelaying } from './relaying.ts';
export { hear, type Heard } from './hear.ts';
export { giveBack, isLent, SlabReader, slabBytes, wipeWhatIsGivenBack } from './slabs.ts';
