import { expect, it } from 'vitest';
import { connectionSettings } from './index.ts';

it('are the standard ones of AWS and two of our own', () => {
  expect(connectionSettings({})).toEqual({
    configured: undefined,
    gatewayHosts: [],
    fips: false,
    dualStack: false,
  });
  expect(
    connectionSettings({
      AWS_USE_FIPS_ENDPOINT: 'TRUE',
      AWS_USE_DUALSTACK_ENDPOINT: 'true',
      TUNNEL_AWS_ENDPOINT: 'https://aws.internal.example',
      TUNNEL_AWS_GATEWAY_HOSTS: 'VPCE-1.ssmmessages.eu-west-1.vpce.amazonaws.com, b.example,',
    }),
  ).toEqual({
    configured: 'https://aws.internal.example',
    gatewayHosts: ['vpce-1.ssmmessages.eu-west-1.vpce.amazonaws.com', 'b.example'],
    fips: true,
    dualStack: true,
  });
});

it.each([
  ['AWS_USE_FIPS_ENDPOINT', 'yes'],
  ['AWS_USE_DUALSTACK_ENDPOINT', '1'],
  ['TUNNEL_AWS_GATEWAY_HOSTS', 'wss://gateway.example'],
  ['TUNNEL_AWS_GATEWAY_HOSTS', 'gateway.example:443'],
  ['TUNNEL_AWS_GATEWAY_HOSTS', 'a.example,evil.example/path'],
])('are refused when %s is %s', (name, value) => {
  expect(() => connectionSettings({ [name]: value })).toThrowError(
    expect.objectContaining({ code: 'CONNECTION_SETTING_INVALID', exitCode: 2 }),
  );
});
