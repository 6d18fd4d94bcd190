import { describe, expect, it } from 'vitest';
import { flowProblem } from './flow-problem.ts';

describe('what sshd says of a destination', () => {
  it.each([
    [1, 'open failed', 'FLOW_NOT_GRANTED'],
    [2, 'Connection refused', 'FLOW_REFUSED'],
    [2, 'Connection timed out', 'FLOW_TIMED_OUT'],
    [2, 'No route to host', 'FLOW_UNREACHABLE'],
    [2, 'Network is unreachable', 'FLOW_UNREACHABLE'],
    [2, '', 'FLOW_UNREACHABLE'],
    [3, 'unknown channel type', 'FLOW_NOT_GRANTED'],
    [4, 'too many', 'FLOW_LIMITED'],
    [undefined, 'gibberish', 'FLOW_UNREACHABLE'],
  ])('reason %s with "%s" is %s', (reason, words, code) => {
    const error = Object.assign(new Error(`(SSH) Channel open failure: ${words}`), { reason });
    expect(flowProblem(error, { address: '10.0.2.60', port: 80 }).code).toBe(code);
  });
});
