import { EC2InstanceConnectClient } from '@aws-sdk/client-ec2-instance-connect';
import { describe, expect, it } from 'vitest';
import { instanceConnectApi } from './instance-connect.ts';

const controlPlane = new URL('https://sallyport.example');

describe('where Instance Connect is', () => {
  it.each([
    ['eu-west-1', false, false],
    ['eu-west-1', false, true],
    ['us-east-1', true, false],
    ['us-east-1', true, true],
    ['us-gov-west-1', true, false],
    ['cn-north-1', false, false],
    ['cn-north-1', false, true],
  ])('agrees with the SDK in %s (FIPS %s, dual stack %s)', async (region, fips, dualStack) => {
    const client = new EC2InstanceConnectClient({ region });
    const { hostname } = client.config.endpointProvider({
      Region: region,
      UseFIPS: fips,
      UseDualStack: dualStack,
    }).url;
    expect(instanceConnectApi({ region, endpoint: null }, { controlPlane, fips, dualStack }).hostname).toBe(
      hostname,
    );
  });

  it('is beside Session Manager where that is not AWS', () => {
    const local = new URL('http://127.0.0.1:3000');
    const lease = { region: 'eu-west-1', endpoint: 'http://127.0.0.1:4566' };
    expect(instanceConnectApi(lease, { controlPlane: local }).href).toBe('http://127.0.0.1:4566/');
  });

  it('goes to no endpoint that a distant control plane names', () => {
    const lease = { region: 'eu-west-1', endpoint: 'https://ec2.attacker.example' };
    expect(() => instanceConnectApi(lease, { controlPlane })).toThrow(
      expect.objectContaining({ code: 'ENDPOINT_FOREIGN' }) as Error,
    );
  });
});
