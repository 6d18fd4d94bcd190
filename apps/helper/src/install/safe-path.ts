import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, join, parse, resolve } from 'node:path';
import { Problem } from '@sallyport/problems';

const writableByOthers = 0o022;
/** Links on one path; more is a loop. */
const linksMax = 16;

/**
 * Refuses a path of which any part, up to the root, belongs to someone other than root or may be written by group or others: whoever may write
 * a folder may put another program in its place. Links are followed and their own folders judged as well. Parts that do not exist yet are no
 * matter: root makes them. Refuses HELPER_PATH_UNSAFE, naming the part.
 */
export function refuseUnsafePath(path: string): void {
  const waiting = [resolve(path)];
  for (let links = 0; waiting.length > 0;) {
    const whole = waiting.pop()!;
    for (let part = whole; ; part = dirname(part)) {
      const found = lstatSync(part, { throwIfNoEntry: false });
      if (found !== undefined) {
        if (found.uid !== 0) throw unsafe(part, `belongs to user ${found.uid}`);
        if (found.isSymbolicLink()) {
          links += 1;
          if (links > linksMax) throw unsafe(part, 'is a link without end');
          waiting.push(resolve(dirname(part), readlinkSync(part)));
        } else if ((found.mode & writableByOthers) !== 0) throw unsafe(part, 'may be written by others');
      }
      if (part === parse(part).root) break;
    }
  }
}

function unsafe(part: string, why: string): Problem {
  return new Problem('HELPER_PATH_UNSAFE', { detail: `${join(part)} ${why}.` });
}
