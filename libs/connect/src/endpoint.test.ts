import { describe, expect, it } from 'vitest';
import { checkStreamUrl, endpointFor } from './index.ts';

const rules = { controlPlane: new URL('https://sallyport.example.com') };
const local = { controlPlane: new URL('http://localhost:3000') };
const session = 'jit-grt_01JZ8Q4T7M3N5P6R8S9V0W1X2Y-0123456789abcdef0';
const aws = endpointFor({ region: 'eu-west-1', endpoint: null }, rules);
const url = (host: string, tail = `/v1/data-channel/${session}?role=publish_subscribe`) =>
  `wss://${host}${tail}`;

describe('the stream URL', () => {
  it.each([
    url('ssmmessages.eu-west-1.amazonaws.com'),
    url('ssmmessages-fips.eu-west-1.amazonaws.com'),
    url('ssmmessages.eu-west-1.api.aws'),
    url(
      'ssmmessages.eu-west-1.amazonaws.com',
      `/v1/data-channel/${session}?role=publish_subscribe&cell-number=AAEA%2B=`,
    ),
    url('vpce-1.ssmmessages.eu-west-1.vpce.amazonaws.com'),
  ])('is accepted: %s', (text) => {
    const configured = { ...rules, gatewayHosts: ['vpce-1.ssmmessages.eu-west-1.vpce.amazonaws.com'] };
    expect(checkStreamUrl(text, session, aws, configured).href).toContain(session);
  });

  it.each([
    ['another region', url('ssmmessages.us-east-1.amazonaws.com')],
    ['another domain', url('ssmmessages.eu-west-1.amazonaws.com.evil.example')],
    ['a name before the host', url('ssmmessages.eu-west-1.amazonaws.com@evil.example')],
    ['a port', url('ssmmessages.eu-west-1.amazonaws.com:8443')],
    ['no encryption', url('ssmmessages.eu-west-1.amazonaws.com').replace('wss:', 'ws:')],
    ['https', url('ssmmessages.eu-west-1.amazonaws.com').replace('wss:', 'https:')],
    [
      'another session',
      url('ssmmessages.eu-west-1.amazonaws.com', '/v1/data-channel/jit-other?role=publish_subscribe'),
    ],
    [
      'another role',
      url('ssmmessages.eu-west-1.amazonaws.com', `/v1/data-channel/${session}?role=subscribe`),
    ],
    ['a fragment', `${url('ssmmessages.eu-west-1.amazonaws.com')}#x`],
    ['a PrivateLink host that is not configured', url('vpce-1.ssmmessages.eu-west-1.vpce.amazonaws.com')],
    ['no URL', 'ssmmessages'],
  ])('is refused with %s', (_why, text) => {
    expect(() => checkStreamUrl(text, session, aws, rules)).toThrowError(
      expect.objectContaining({ code: 'STREAM_URL_FOREIGN' }),
    );
  });

  it('has the very host and port of a foreign endpoint', () => {
    const endpoint = endpointFor({ region: 'eu-west-1', endpoint: 'http://127.0.0.1:4566' }, local);
    const at = (host: string) => `ws://${host}/v1/data-channel/${session}?role=publish_subscribe`;
    expect(checkStreamUrl(at('127.0.0.1:4566'), session, endpoint, local).host).toBe('127.0.0.1:4566');
    for (const host of ['127.0.0.1:4567', '127.0.0.1', 'localhost:4566', '10.0.0.1:4566'])
      expect(() => checkStreamUrl(at(host), session, endpoint, local)).toThrowError(
        expect.objectContaining({ code: 'STREAM_URL_FOREIGN' }),
      );
  });
});

describe('the endpoint', () => {
  it('is derived from the region when the lease names none', () => {
    expect(aws.api.href).toBe('https://ssm.eu-west-1.amazonaws.com/');
    expect(endpointFor({ region: 'cn-north-1', endpoint: null }, rules).api.host).toBe(
      'ssm.cn-north-1.amazonaws.com.cn',
    );
  });
  it('is accepted from a control plane on this machine for this machine', () => {
    expect(endpointFor({ region: 'eu-west-1', endpoint: 'http://127.0.0.1:4566' }, local).foreign).toBe(true);
  });
  it('is accepted from the person’s own configuration', () => {
    const own = { ...rules, configured: 'https://aws.internal.example' };
    expect(endpointFor({ region: 'eu-west-1', endpoint: 'http://127.0.0.1:1' }, own).api.host).toBe(
      'aws.internal.example',
    );
  });
  it.each([
    ['a control plane elsewhere names one', rules, 'http://127.0.0.1:4566'],
    ['a control plane here names one elsewhere', local, 'https://aws.evil.example'],
    ['it is not encrypted', local, 'http://aws.evil.example'],
    ['it carries a password', local, 'http://a:b@127.0.0.1:4566'],
    ['it is no URL', local, 'nonsense'],
  ])('is refused when %s', (_why, given, endpoint) => {
    expect(() => endpointFor({ region: 'eu-west-1', endpoint }, given)).toThrowError(
      expect.objectContaining({ code: 'ENDPOINT_FOREIGN' }),
    );
  });
  it('is refused for a region that would change the host', () => {
    expect(() => endpointFor({ region: 'eu-west-1.evil.example/', endpoint: null }, rules)).toThrowError(
      expect.objectContaining({ code: 'ENDPOINT_FOREIGN' }),
    );
  });
});
