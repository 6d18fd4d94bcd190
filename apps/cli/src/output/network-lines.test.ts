import { describe, expect, it } from 'vitest';
import type { NetworkSummary } from '../network/network-summary.ts';
import { networkAddresses, networkLines } from './network-lines.ts';
import { networkSettings, networkVariables } from '../network/variables.ts';

const summary: NetworkSummary = {
  ...{ via: 'tun', way: 'agent', device: 'sally0', mtu: 65_535, addresses: ['100.64.0.1'] },
  cidrs: ['10.0.0.0/16', 'fd00:10:2::/64'],
  excluded: ['10.0.0.2'],
  ...{ names: [], suffixes: ['internal'], dns: 'resolved', carries: ['tcp', 'udp', 'icmp'] },
  ...{ instanceId: 'i-0123456789abcdef0', ssmSessionId: 'jit-grt_1-0abc', proxy: null, responder: null },
};
const pinned: NetworkSummary = {
  ...summary,
  ...{ way: 'pinned', cidrs: ['100.72.1.8/29'], suffixes: [], excluded: [], carries: ['tcp'], dns: 'hosts' },
  names: [{ name: 'prod-rds', address: '100.72.1.11' }],
};
const socks: NetworkSummary = {
  ...summary,
  ...{ via: 'port', device: null, mtu: null, proxy: 'socks5h://127.0.0.1:15123', dns: 'none' },
};

describe('what is said of an open network', () => {
  it('names device, MTU, CIDRs, instance and session (d1)', () => {
    expect(networkAddresses({ port: null }, summary, 'unused')).toEqual(['10.0.0.0/16', 'fd00:10:2::/64']);
    expect(networkLines('prod-vpc', summary)).toEqual([
      'prod-vpc: device sally0 (MTU 65535), through i-0123456789abcdef0, session jit-grt_1-0abc',
      '  carries TCP, UDP, ICMP; names: *.internal by systemd-resolved',
      '  stays outside: 10.0.0.2',
    ]);
  });

  it('gives a resource its port and its own name', () => {
    const url = 'postgres://app_ro@127.0.0.1:15432/shop';
    expect(networkAddresses({ port: 5432 }, pinned, url)).toEqual([url, 'prod-rds:5432']);
    expect(networkLines('prod-rds', pinned)[1]).toBe(
      '  carries TCP; names: prod-rds (100.72.1.11) by /etc/hosts',
    );
  });

  it('tells the names that the catalogue knows from those that programs must ask for themselves', () => {
    const hosts = { ...summary, dns: 'hosts', responder: '198.18.0.2' };
    const names = [{ name: 'prod-db.internal', address: '10.0.3.15' }];
    expect(networkLines('prod-vpc', { ...hosts, names })[1]).toBe(
      '  carries TCP, UDP, ICMP; names: prod-db.internal (10.0.3.15) by /etc/hosts; *.internal by asking 198.18.0.2',
    );
    expect(networkLines('prod-vpc', hosts)[1]).toBe(
      '  carries TCP, UDP, ICMP; names: *.internal by asking 198.18.0.2',
    );
  });

  it('gives a listener in place of routes, with what it takes', () => {
    expect(networkAddresses({ port: null }, socks, 'unused')).toEqual(['socks5h://127.0.0.1:15123']);
    expect(networkLines('prod-vpc', socks)[0]).toBe(
      'prod-vpc: SOCKS at 127.0.0.1:15123 for 10.0.0.0/16, fd00:10:2::/64, through i-0123456789abcdef0, session jit-grt_1-0abc',
    );
  });

  it('hands programs the CIDRs, and by SOCKS what HTTP libraries read', () => {
    expect(networkSettings(summary).env).toEqual({
      TUNNEL_CIDRS: '10.0.0.0/16 fd00:10:2::/64',
      TUNNEL_DEVICE: 'sally0',
    });
    expect(networkSettings(socks).env).toMatchObject({ ALL_PROXY: 'socks5h://127.0.0.1:15123' });
    expect(networkVariables('prod-vpc', summary)).toEqual({
      TUNNEL_PROD_VPC_CIDRS: '10.0.0.0/16 fd00:10:2::/64',
    });
    expect(networkVariables('prod-rds', pinned)).toEqual({
      TUNNEL_PROD_RDS_VIRTUAL_HOST: 'prod-rds',
      TUNNEL_PROD_RDS_VIRTUAL_ADDRESS: '100.72.1.11',
    });
  });
});
