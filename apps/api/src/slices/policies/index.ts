/** What other slices may use: the policies in force and how long answers take. */
export { Policies } from './policies.ts';
export { UsualWait } from './usual-wait.query.ts';
