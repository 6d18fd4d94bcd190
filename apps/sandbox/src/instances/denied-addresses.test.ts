import { describe, expect, it } from 'vitest';
import { DeniedAddresses } from './denied-addresses.ts';

const denied = new DeniedAddresses(['10.0.0.0/16', '192.168.4.0/22']);

describe('addresses an agent does not forward to', () => {
  it.each([
    '169.254.169.254',
    '169.254.169.253',
    '169.254.169.123',
    '169.254.169.250',
    '169.254.169.251',
    'fd00:ec2::254',
    'FD00:EC2:0:0:0:0:0:253',
    'fd00:ec2::123',
    'fd00:ec2::240',
    '10.0.0.0',
    '10.0.0.3',
    '10.0.255.255',
    '192.168.4.1',
    '192.168.7.255',
  ])('refuses %s', (address) => expect(denied.has(address)).toBe(true));

  // The list of the real agent is thin; these are what it lets through.
  it.each(['127.0.0.1', '169.254.170.2', '10.0.0.4', '10.0.255.254', '10.1.0.0', '::1', 'not an address'])(
    'lets %s pass',
    (address) => expect(denied.has(address)).toBe(false),
  );
});
