import { Problem } from '@sallyport/problems';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readOrder, type StartOrder } from './order.ts';

/** What the AWS CLI 1.45 writes: Python's spacing, this order of members. */
const url = 'wss://ssmmessages.eu-west-1.amazonaws.com/v1/data-channel/demo-0123?role=publish_subscribe';
const secret = 'AAEAAc0ffee-token-value';
const response = `{"SessionId": "demo-0123", "TokenValue": "${secret}", "StreamUrl": "${url}"}`;
const request =
  '{"Target": "i-0b5c1d2e3f4a50617", "DocumentName": "AWS-StartSSHSession", "Parameters": {"portNumber": ["22"]}}';
const endpoint = 'https://ssm.eu-west-1.amazonaws.com';
const begun = { sessionId: 'demo-0123', token: secret, streamUrl: url };

function started(words: readonly string[], env: Record<string, string | undefined> = {}): StartOrder {
  const order = readOrder(words, env);
  if (order.do !== 'start') throw new Error(order.do);
  return order.start;
}

function refused(words: readonly string[], env: Record<string, string | undefined> = {}): Problem {
  try {
    readOrder(words, env);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('was not refused');
}

describe('the words that session-manager-plugin is started with', () => {
  it('greets without any, and tells its version', () => {
    expect(readOrder([], {})).toEqual({ do: 'greet' });
    expect(readOrder(['--version'], {})).toEqual({ do: 'tell-version' });
  });

  it('names an operation it does not know only when that is a word', () => {
    expect(readOrder(['--help'], {})).toEqual({ do: 'refuse-operation', operation: '--help' });
    expect(readOrder(['version', 'x'], {})).toEqual({ do: 'refuse-operation', operation: 'version' });
    expect(readOrder([response, 'eu-west-1'], {})).toEqual({ do: 'refuse-operation', operation: '' });
    expect(readOrder([response, 'eu-west-1', 'ResumeSession'], {})).toEqual({
      do: 'refuse-operation',
      operation: undefined,
    });
  });

  it('takes the response from the variable that is named, and takes it out of the environment', () => {
    const env = { AWS_SSM_START_SESSION_RESPONSE: response, AWS_PROFILE: 'p' };
    expect(
      started(['AWS_SSM_START_SESSION_RESPONSE', 'eu-west-1', 'StartSession', 'p', request, endpoint], env),
    ).toEqual({
      ...{ response: begun, region: 'eu-west-1', profile: 'p', target: 'i-0b5c1d2e3f4a50617' },
      ...{ documentName: 'AWS-StartSSHSession', endpoint },
    });
    expect(env).toEqual({ AWS_PROFILE: 'p' });
  });

  it('takes a variable with an ending to its name, and leaves none of them to programs it starts', () => {
    const env = { AWS_SSM_START_SESSION_RESPONSE_42: response, AWS_SSM_START_SESSION_RESPONSE: 'old' };
    const words = ['AWS_SSM_START_SESSION_RESPONSE_42', 'eu-west-1', 'StartSession', '', request, endpoint];
    expect(started(words, env).response).toEqual(begun);
    expect(env).toEqual({});
    refused(['AWS_SSM_START_SESSION_RESPONSE', 'eu-west-1', 'StartSession', '', request, endpoint]);
  });

  it('takes the response as a word, with members that older callers add, in any case', () => {
    const six = ['eu-west-1', 'StartSession', '', request, endpoint];
    expect(started([response, ...six]).response).toEqual(begun);
    const more = JSON.stringify({
      ...{ sessionId: 'demo-0123', streamUrl: url, tokenValue: secret },
      ResponseMetadata: { RequestId: 'x', HTTPStatusCode: 200 },
    });
    expect(started([more, ...six]).response).toEqual(begun);
  });

  it('takes the shorter forms: without endpoint, without request, without profile', () => {
    const five = started([response, 'eu-west-1', 'StartSession', 'p', request]);
    expect(five).toMatchObject({ endpoint: undefined, target: 'i-0b5c1d2e3f4a50617', profile: 'p' });
    expect(started([response, 'eu-west-1', 'StartSession', 'p'])).toMatchObject({ target: undefined });
    expect(started([response, 'eu-west-1', 'StartSession'])).toMatchObject({
      profile: '',
      target: undefined,
    });
  });

  it('takes what aws ecs execute-command gives, whose endpoint is not of Session Manager', () => {
    const target = '{"Target": "ecs:shop_0f9de17a6465404e8b1b2356dc13c2f8_0f9de17a-3330"}';
    const ecs = 'https://ecs.eu-west-1.amazonaws.com';
    expect(started([response, 'eu-west-1', 'StartSession', '', target, ecs])).toMatchObject({
      endpoint: undefined,
      documentName: undefined,
    });
  });

  it.each([
    ['no JSON', `{"TokenValue": "${secret}"`],
    ['an array', `["${secret}"]`],
    ['a text', `"${secret}"`],
    ['null', 'null'],
    ['nothing', ''],
    ['no session', `{"TokenValue": "${secret}", "StreamUrl": "${url}"}`],
    ['no stream URL', `{"SessionId": "demo-0123", "TokenValue": "${secret}"}`],
    ['no token', `{"SessionId": "demo-0123", "StreamUrl": "${url}"}`],
    [
      'a token that is no text',
      `{"SessionId": "demo-0123", "TokenValue": {"a": "${secret}"}, "StreamUrl": "${url}"}`,
    ],
    ['a session id of lines', `{"SessionId": "a\\nb", "TokenValue": "${secret}", "StreamUrl": "${url}"}`],
    [
      'a session id of escapes',
      `{"SessionId": "\\u001b[2J", "TokenValue": "${secret}", "StreamUrl": "${url}"}`,
    ],
    ['too much', `{"TokenValue": "${secret.repeat(4_000)}"}`],
  ])('refuses a response of %s without a word of it', (_, text) => {
    for (const problem of [
      refused([text, 'eu-west-1', 'StartSession', '', request, endpoint]),
      refused(['AWS_SSM_START_SESSION_RESPONSE', 'eu-west-1', 'StartSession', '', request, endpoint], {
        AWS_SSM_START_SESSION_RESPONSE: text,
      }),
    ]) {
      expect(problem.code).toBe('PLUGIN_ARGUMENTS_INVALID');
      expect(problem.cause).toBeUndefined();
      expect(`${problem.message} ${problem.stack ?? ''}`).not.toContain(secret);
    }
  });

  it.each([
    ['a request without target', ['eu-west-1', 'StartSession', '', '{"DocumentName": "x"}', endpoint]],
    ['a request that is no JSON', ['eu-west-1', 'StartSession', '', 'Target=i-1', endpoint]],
    ['a region that is none', ['eu-west-1.evil.example', 'StartSession', '', request, endpoint]],
    ['a region that is missing', ['', 'StartSession', '', request, endpoint]],
    ['a profile of lines', ['eu-west-1', 'StartSession', 'a\nb', request, endpoint]],
  ])('refuses %s', (_, words) => {
    expect(refused([response, ...words]).code).toBe('PLUGIN_ARGUMENTS_INVALID');
  });

  it('never repeats what it was given, whatever that is', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.json(), fc.string(), fc.constant(response)),
        fc.array(fc.oneof(fc.string(), fc.json(), fc.constant('StartSession')), { maxLength: 6 }),
        (first, rest) => {
          const hidden = `${first.slice(0, -1)}"${secret}"${first.slice(-1)}`;
          try {
            readOrder([hidden, ...rest], {});
          } catch (error) {
            expect(error).toBeInstanceOf(Problem);
            expect((error as Problem).code).toBe('PLUGIN_ARGUMENTS_INVALID');
            expect((error as Problem).message).not.toContain(secret);
          }
        },
      ),
    );
  });
});
