import { ApiProblem } from '@sallyport/api-client';
import { Problem } from '@sallyport/problems';

/** What a problem says to people. `status` is 0 when no answer came. */
export interface ProblemText {
  title: string;
  detail: string;
  advice: string;
  code: string;
  instance?: string | undefined;
  status: number;
}

/** Any error in words: the server's, the client's, or that of this page. */
export function problemOf(error: unknown): ProblemText {
  if (error instanceof ApiProblem || error instanceof Problem) {
    const { title, detail, advice, code } = error;
    if (error instanceof Problem) return { title, detail, advice, code, status: 0 };
    return { title, detail, advice, code, instance: error.instance, status: error.status };
  }
  return {
    title: 'Something in this page went wrong.',
    detail: 'The page could not finish what you asked for.',
    advice: 'Reload the page; if it stays, tell your administrator.',
    code: 'PAGE_FAILED',
    status: 0,
  };
}

/** True when `error` is the API's refusal with one of these codes. */
export function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof ApiProblem && codes.includes(error.code);
}

/** True when nobody is signed in. */
export function isSignedOut(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 401;
}
