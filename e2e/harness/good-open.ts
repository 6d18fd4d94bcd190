import type { RouteGrantClaims } from '@sallyport/grant-token';
import { encodeFrame, type OpenWish } from '@sallyport/tunnel/helper-messages';

/** A message that opens 10.0.0.0/16, and the claims that allow it; the token in it is not signed. */
export function goodOpen(): { frame: Buffer; claims: RouteGrantClaims } {
  const wish: OpenWish = {
    routeGrants: ['header.claims.signature'],
    via: 'tun',
    shape: 'subnet',
    exclude: ['10.0.0.5'],
    dns: { names: [{ name: 'db.internal', address: '10.0.2.60' }], suffixes: ['internal'] },
  };
  const claims: RouteGrantClaims = {
    iss: 'https://sallyport.test',
    aud: 'sallyport-helper',
    jti: 'rtg_1',
    sub: 'grt_1',
    usr: 'usr_1',
    nbf: 0,
    exp: 3600,
    routes: [{ cidr: '10.0.0.0/16', ports: [[1, 65_535]], proto: 'tcp' }],
    names: [{ name: 'db.internal', address: '10.0.2.60' }],
    suffixes: ['internal'],
  };
  return { frame: encodeFrame({ ...wish, type: 'open', protocol: 1 }), claims };
}
