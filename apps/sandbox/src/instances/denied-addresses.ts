import { BlockList, isIP, isIPv4 } from 'node:net';
import { addressIn } from '../world/address-in.ts';

/** Addresses the agent refuses by default (its setting Mgs.DeniedPortForwardingRemoteIPs). Loopback is not among them. */
const alwaysDenied = [
  '169.254.169.254',
  'fd00:ec2::254',
  '169.254.169.253',
  'fd00:ec2::253',
  '169.254.169.123',
  'fd00:ec2::123',
  '169.254.169.250',
  '169.254.169.251',
  'fd00:ec2::240',
];

/** What an agent on EC2 does not forward to: the list above, and of each VPC range the first four addresses and the last. */
export class DeniedAddresses {
  readonly #denied = new BlockList();

  /** `vpcCidrs` are IPv4 ranges such as `10.0.0.0/16`. */
  constructor(vpcCidrs: readonly string[]) {
    for (const address of alwaysDenied) this.#denied.addAddress(address, familyOf(address));
    for (const cidr of vpcCidrs) {
      this.#denied.addRange(addressIn(cidr, 0), addressIn(cidr, 3), 'ipv4');
      this.#denied.addAddress(addressIn(cidr, -1), 'ipv4');
    }
  }

  /** Whether forwarding to the address is refused. Text that is no address is none of them. */
  has(address: string): boolean {
    return isIP(address) !== 0 && this.#denied.check(address, familyOf(address));
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}
