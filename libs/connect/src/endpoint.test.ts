import { SSMClient } from '@aws-sdk/client-ssm';
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

/** Literal names of each partition: region, API host by setting, gateway hosts. */
const partitions = [
  {
    region: 'eu-west-1',
    api: {
      plain: 'ssm.eu-west-1.amazonaws.com',
      fips: 'ssm-fips.eu-west-1.amazonaws.com',
      dualStack: 'ssm.eu-west-1.api.aws',
      both: 'ssm-fips.eu-west-1.api.aws',
    },
    gateways: ['ssmmessages.eu-west-1.amazonaws.com', 'ssmmessages.eu-west-1.api.aws'],
    fipsGateways: ['ssmmessages-fips.eu-west-1.amazonaws.com', 'ssmmessages-fips.eu-west-1.api.aws'],
    privateLink: 'vpce-0a1b2c3d4e5f60718-abcd1234.ssm.eu-west-1.vpce.amazonaws.com',
  },
  {
    region: 'cn-northwest-1',
    api: {
      plain: 'ssm.cn-northwest-1.amazonaws.com.cn',
      fips: 'ssm-fips.cn-northwest-1.amazonaws.com.cn',
      dualStack: 'ssm.cn-northwest-1.api.amazonwebservices.com.cn',
      both: 'ssm-fips.cn-northwest-1.api.amazonwebservices.com.cn',
    },
    gateways: [
      'ssmmessages.cn-northwest-1.amazonaws.com.cn',
      'ssmmessages.cn-northwest-1.api.amazonwebservices.com.cn',
    ],
    fipsGateways: ['ssmmessages-fips.cn-northwest-1.amazonaws.com.cn'],
    privateLink: 'vpce-0a1b2c3d4e5f60718-abcd1234.ssm.cn-northwest-1.vpce.amazonaws.com.cn',
  },
  {
    region: 'us-gov-west-1',
    api: {
      plain: 'ssm.us-gov-west-1.amazonaws.com',
      // GovCloud's usual endpoint is the FIPS one.
      fips: 'ssm.us-gov-west-1.amazonaws.com',
      dualStack: 'ssm.us-gov-west-1.api.aws',
      both: 'ssm-fips.us-gov-west-1.api.aws',
    },
    gateways: [],
    fipsGateways: ['ssmmessages.us-gov-west-1.amazonaws.com', 'ssmmessages-fips.us-gov-west-1.amazonaws.com'],
    privateLink: 'vpce-0a1b2c3d4e5f60718-abcd1234-us-gov-west-1a.ssm-fips.us-gov-west-1.vpce.amazonaws.com',
  },
  {
    region: 'us-iso-east-1',
    api: {
      plain: 'ssm.us-iso-east-1.c2s.ic.gov',
      fips: 'ssm-fips.us-iso-east-1.c2s.ic.gov',
      dualStack: 'ssm.us-iso-east-1.api.aws.ic.gov',
      both: 'ssm-fips.us-iso-east-1.api.aws.ic.gov',
    },
    gateways: ['ssmmessages.us-iso-east-1.c2s.ic.gov'],
    fipsGateways: ['ssmmessages-fips.us-iso-east-1.c2s.ic.gov'],
    privateLink: 'vpce-0a1b2c3d4e5f60718-abcd1234.ssm.us-iso-east-1.vpce.c2s.ic.gov',
  },
  {
    region: 'us-isob-east-1',
    api: {
      plain: 'ssm.us-isob-east-1.sc2s.sgov.gov',
      fips: 'ssm-fips.us-isob-east-1.sc2s.sgov.gov',
      dualStack: 'ssm.us-isob-east-1.api.aws.scloud',
      both: 'ssm-fips.us-isob-east-1.api.aws.scloud',
    },
    gateways: ['ssmmessages.us-isob-east-1.sc2s.sgov.gov'],
    fipsGateways: ['ssmmessages-fips.us-isob-east-1.sc2s.sgov.gov'],
    privateLink: 'vpce-0a1b2c3d4e5f60718-abcd1234.ssm.us-isob-east-1.vpce.sc2s.sgov.gov',
  },
];
const settings = {
  plain: {},
  fips: { fips: true },
  dualStack: { dualStack: true },
  both: { fips: true, dualStack: true },
} as const;
const choices = Object.keys(settings) as (keyof typeof settings)[];

describe.each(partitions)('in $region', ({ region, api, gateways, fipsGateways, privateLink }) => {
  const lease = { region, endpoint: null };
  const taken = (host: string, given: object) =>
    checkStreamUrl(url(host), session, endpointFor(lease, { ...rules, ...given }), { ...rules, ...given })
      .host;

  it.each(choices)('the API is at the literal name (%s)', (choice) => {
    const endpoint = endpointFor(lease, { ...rules, ...settings[choice] });
    expect(endpoint).toEqual({ region, api: new URL(`https://${api[choice]}`), foreign: false });
  });

  it.each(choices)('the SDK of AWS derives the same (%s)', async (choice) => {
    const { fips = false, dualStack = false } = settings[choice] as { fips?: boolean; dualStack?: boolean };
    const client = new SSMClient({ region, useFipsEndpoint: fips, useDualstackEndpoint: dualStack });
    const { url: derived } = client.config.endpointProvider({
      ...{ Region: region, UseFIPS: fips, UseDualStack: dualStack },
    });
    expect(derived.host).toBe(api[choice]);
    client.destroy();
  });

  it('the gateway has every name of its region, and with FIPS asked for only those', () => {
    for (const host of [...gateways, ...fipsGateways]) expect(taken(host, {})).toBe(host);
    for (const host of fipsGateways) expect(taken(host, { fips: true })).toBe(host);
    for (const host of gateways)
      expect(() => taken(host, { fips: true })).toThrowError(
        expect.objectContaining({
          code: 'STREAM_URL_FOREIGN',
          message: expect.stringContaining('FIPS') as string,
        }),
      );
  });

  it('the gateway of no other partition is taken', () => {
    const names = partitions.flatMap((one) => [...one.gateways, ...one.fipsGateways]);
    const others = names.filter((name) => !gateways.includes(name) && !fipsGateways.includes(name));
    for (const host of others)
      expect(() => taken(host, {})).toThrowError(expect.objectContaining({ code: 'STREAM_URL_FOREIGN' }));
  });

  it('the API is taken at its PrivateLink name, and the gateway then at AWS’s or the configured one', () => {
    const gatewayLink = privateLink.replace(/\.ssm(?:-fips)?\./u, '.ssmmessages.');
    const given = { configured: `https://${privateLink}`, gatewayHosts: [gatewayLink] };
    expect(endpointFor(lease, { ...rules, ...given })).toMatchObject({ foreign: false, region });
    for (const host of [gatewayLink, ...gateways]) expect(taken(host, given)).toBe(host);
    expect(() => taken(gatewayLink, { configured: given.configured })).toThrowError(
      expect.objectContaining({ code: 'STREAM_URL_FOREIGN' }),
    );
  });

  it('a configured name of AWS is refused for another region, service, port or scheme', () => {
    const wrong = [
      `https://${privateLink.replaceAll(region, 'eu-central-1')}`,
      `https://${privateLink.replace(/\.ssm(?:-fips)?\./u, '.ec2.')}`,
      `https://${api.plain.replace(/^ssm/u, 'sts')}`,
      `https://${api.plain}:8443`,
      `http://${api.plain}`,
      `https://evil.${api.plain}`,
    ];
    for (const configured of wrong)
      expect(() => endpointFor(lease, { ...rules, configured }), configured).toThrowError(
        expect.objectContaining({ code: 'ENDPOINT_FOREIGN' }),
      );
  });
});

it('a configured endpoint of AWS without FIPS is refused where FIPS is asked for', () => {
  const given = { ...rules, fips: true };
  const lease = { region: 'eu-west-1', endpoint: null };
  const at = (host: string) => endpointFor(lease, { ...given, configured: `https://${host}` });
  expect(() => at('ssm.eu-west-1.amazonaws.com')).toThrowError(
    expect.objectContaining({ code: 'ENDPOINT_FOREIGN' }),
  );
  expect(at('ssm-fips.eu-west-1.amazonaws.com').foreign).toBe(false);
  expect(at('vpce-0a1b2c3d-abcd1234.ssm-fips.eu-west-1.vpce.amazonaws.com').foreign).toBe(false);
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
