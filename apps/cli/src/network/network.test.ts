import { describe, expect, it } from 'vitest';
import { contains, takesName, takesTcp } from './facts.ts';
import { limits } from '@sallyport/tunnel/helper-messages';
import { excludedAddresses, excludedMax, ownHosts } from './excluded.ts';
import { virtualRanges } from './virtual-range.ts';

const vpc = {
  routes: [
    {
      cidr: '10.0.0.0/16',
      ports: [
        [1, 1023],
        [8080, 8080],
      ] as const,
      proto: 'tcp' as const,
    },
    { cidr: 'fd00:10:2::/64', ports: [[1, 65_535]] as const, proto: 'tcp' as const },
    { cidr: '10.0.0.0/16', ports: [], proto: 'icmp' as const },
  ],
  suffixes: ['internal'],
};

describe('what a granted network takes', () => {
  it.each([
    ['10.0.2.60', 8080, true],
    ['10.0.255.255', 22, true],
    ['10.1.0.1', 22, false],
    ['10.0.2.60', 5432, false],
    ['fd00:10:2::60', 5432, true],
    ['fd00:10:3::60', 5432, false],
    ['::ffff:10.0.2.60', 8080, false],
    ['internal', 80, false],
  ])('%s port %i: %s', (address, port, taken) => {
    expect(takesTcp(vpc, address, port)).toBe(taken);
  });

  it.each([
    ['prod-db.internal', true],
    ['PROD-DB.Internal.', true],
    ['internal', true],
    ['notinternal', false],
    ['internal.example.com', false],
  ])('the name %s: %s', (name, taken) => {
    expect(takesName(vpc, name)).toBe(taken);
  });
});

describe('virtual addresses', () => {
  it('stay the same for a name, within the shared address space', () => {
    expect(virtualRanges('prod-rds')).toEqual(virtualRanges('prod-rds'));
    for (const { cidr, device, responder, resource } of virtualRanges('prod-rds')) {
      expect(contains('100.64.0.0/10', device)).toBe(true);
      for (const address of [device, responder, resource]) expect(contains(cidr, address)).toBe(true);
    }
  });

  it('differ between names and between tries', () => {
    const names = Array.from({ length: 200 }, (_, i) => `resource-${i}`);
    const first = names.map((name) => virtualRanges(name)[0]?.cidr);
    expect(new Set(first).size).toBe(names.length);
    expect(new Set(virtualRanges('prod-rds').map(({ cidr }) => cidr)).size).toBe(8);
  });
});

describe('what stays outside a tunnel (a3)', () => {
  const server = new URL('https://sallyport.example.com');

  it('is the control plane, Session Manager, its message gateway, the proxy and the resolvers', async () => {
    const hosts = ownHosts({ env: { HTTPS_PROXY: 'http://proxy.corp.example:3128' } }, server, 'eu-west-1');
    expect(hosts).toEqual([
      'sallyport.example.com',
      'ssm.eu-west-1.amazonaws.com',
      'ssmmessages.eu-west-1.amazonaws.com',
      'ssmmessages.eu-west-1.api.aws',
      'ssmmessages-fips.eu-west-1.amazonaws.com',
      'ssmmessages-fips.eu-west-1.api.aws',
      'ec2-instance-connect.eu-west-1.amazonaws.com',
      'proxy.corp.example',
    ]);
    const names = {
      addresses: async (name: string) => {
        if (name === 'proxy.corp.example') throw new Error('ENOTFOUND');
        return name.startsWith('ssmmessages') ? ['10.0.3.7', 'fd00::7', '52.94.0.7'] : ['10.0.3.8'];
      },
      resolvers: () => ['10.0.0.2', '[fd00::2]:53', '127.0.0.53'],
    };
    const excluded = await excludedAddresses(hosts, names, ['10.0.0.0/16', 'fd00::/64']);
    expect(excluded).toEqual(['10.0.0.2', '10.0.3.7', '10.0.3.8', 'fd00::2', 'fd00::7']);
    // Only what the tunnel would swallow: the helper takes so many and no more.
    expect(await excludedAddresses(hosts, names, ['10.0.3.8/30'])).toEqual(['10.0.3.8']);
    expect(await excludedAddresses(hosts, names, [])).toEqual([]);
  });

  it('is refused when it is more than the helper takes, counted inside the granted networks alone', async () => {
    expect(excludedMax).toBe(limits.exclude);
    const many = Array.from({ length: excludedMax + 1 }, (_, at) => `10.0.4.${at}`);
    const names = { addresses: async () => many, resolvers: () => [] };
    await expect(excludedAddresses(['many.example'], names, ['10.0.0.0/16'])).rejects.toMatchObject({
      code: 'ROUTE_EXCLUSIONS_TOO_MANY',
      detail: expect.stringContaining('65 addresses'),
    });
    expect(await excludedAddresses(['many.example'], names, ['10.0.4.0/26'])).toHaveLength(excludedMax);
  });

  it.each([
    [
      'beside a PrivateLink endpoint',
      'https://vpce-0123456789abcdef0-abcdefgh.ssm.eu-west-1.vpce.amazonaws.com',
    ],
    ['beside an endpoint that speaks IPv6', 'https://ssm.eu-west-1.api.aws'],
  ])('is the message gateway by its usual name too, %s', (_beside, endpoint) => {
    expect(ownHosts({ env: { TUNNEL_AWS_ENDPOINT: endpoint } }, server, 'eu-west-1')).toContain(
      'ssmmessages.eu-west-1.amazonaws.com',
    );
  });

  it('names a PrivateLink endpoint of the person, and nothing of this machine', () => {
    const env = {
      TUNNEL_AWS_ENDPOINT: 'https://vpce-0123456789abcdef0-abcdefgh.ssm.eu-west-1.vpce.amazonaws.com',
    };
    expect(ownHosts({ env }, new URL('http://localhost:3000'), 'eu-west-1')).toContain(
      'vpce-0123456789abcdef0-abcdefgh.ssm.eu-west-1.vpce.amazonaws.com',
    );
    expect(ownHosts({ env: {} }, new URL('http://localhost:3000'), 'eu-west-1')).not.toContain('localhost');
  });
});
