import { FrameDecoder, requestForm } from '../../../libs/tunnel/src/helper-messages/index.ts';
import { Problem } from '../../../libs/problems/src/index.ts';
import { crookedMessages } from '../../../e2e/harness/crooked-messages.ts';
import { goodOpen } from '../../../e2e/harness/good-open.ts';
import { judgeWish } from '../../../apps/helper/src/judge/judge-wish.ts';
import { RouteGrantClaims } from '../../../libs/grant-token/src/index.ts';
import { count, type Proof } from '../proof.ts';

/**
 * The long form of the fuzzing in `e2e/helper-refusals.e2e.ts`: every message goes through what the helper does with bytes of a stranger, from
 * the frame to the judgement, and may only be refused with a catalogued code or be within the grant.
 */
export const helperFuzz: Proof = {
  name: 'helper-fuzz',
  shows: 'no bytes from a client make the helper do anything but refuse or route what is granted',
  async run(scale, report) {
    const messages = scale === 'full' ? 500_000 : 20_000;
    const perSeed = 20_000;
    const { frame, claims } = goodOpen();
    const grants = [RouteGrantClaims.parse(claims)];
    const found: string[] = [];
    const counts = new Map<string, number>();
    for (let seed = 1; seed <= messages / perSeed; seed += 1) {
      let at = 0;
      for (const bytes of crookedMessages(frame, seed, perSeed)) {
        const outcome = outcomeOf(bytes, grants);
        counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
        if (outcome.startsWith('!')) found.push(`${outcome} (seed ${seed}, message ${at})`);
        at += 1;
      }
      report.progress(`${count(seed * perSeed)} messages`);
    }
    const figures = [...counts].map(([outcome, times]) => `${outcome} ${count(times)}`).join(', ');
    return { amount: `${count(messages)} messages`, found: found.slice(0, 20), figures };
  },
};

function outcomeOf(bytes: Buffer, grants: readonly RouteGrantClaims[]): string {
  try {
    const [message] = new FrameDecoder().push(bytes);
    if (message === undefined) return 'incomplete';
    const request = requestForm.safeParse(message);
    if (!request.success) return 'no form';
    if (request.data.type !== 'open') return request.data.type;
    const { routes } = judgeWish(request.data, grants);
    return routes.length === 1 && routes[0]!.prefix === 16 ? 'granted' : '! more than the grant was routed';
  } catch (problem) {
    return problem instanceof Problem ? problem.code : `! ${String(problem)}`;
  }
}
