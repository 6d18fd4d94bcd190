import { z } from 'zod';
import { allowEntriesMax, namesMax, portRangesMax, suffixesMax } from './limits.ts';

const id = z.string().regex(/^[\w.:@/-]{1,128}$/);
const port = z.int().min(0).max(65_535);
const range = z
  .tuple([port, port])
  .refine(([from, to]) => from <= to, { message: 'A range of ports goes upwards.' });

/** An IPv4 or IPv6 range; host bits are the verifier's to ignore. IPv4 inside IPv6 notation is refused: it has its own form. */
export const Cidr = z
  .union([z.cidrv4(), z.cidrv6()])
  .refine((text) => !(text.includes(':') && text.includes('.')), { message: 'IPv4 inside IPv6 notation.' });

/** What may be reached: TCP and UDP name ranges of ports (both ends included), ICMP echo and other IP have none. */
export const Allowance = z
  .strictObject({
    cidr: Cidr,
    ports: z.array(range).max(portRangesMax),
    proto: z.enum(['tcp', 'udp', 'icmp', 'ip']),
  })
  .refine(({ ports, proto }) => ['tcp', 'udp'].includes(proto) === ports.length > 0, {
    message: 'Ports belong to tcp and udp.',
  });
export type Allowance = z.infer<typeof Allowance>;

/** A DNS name in lower case without the final dot. */
export const DnsName = z
  .string()
  .max(253)
  .regex(/^(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*$/);

const common = { iss: z.string().min(1).max(256), jti: id, nbf: z.int().min(0), exp: z.int().min(0) };

/** What the companion agent obeys, for at most a minute. */
export const AgentTokenClaims = z.strictObject({
  ...common,
  /** The agent's enrolment id. */
  aud: id,
  /** The grant. */
  sub: id,
  /** The person. */
  usr: id,
  /** Thumbprint of the client's key of this connection. */
  cnf: z.strictObject({ jkt: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }),
  allow: z.array(Allowance).max(allowEntriesMax),
  /** Names below these are answered by the agent's resolver. */
  suffixes: z.array(DnsName).max(suffixesMax),
  max_streams: z.int().min(1).max(65_536),
  /** Bits per second in each direction, for the whole client. */
  max_bps: z.int().min(1).optional(),
});
export type AgentTokenClaims = z.infer<typeof AgentTokenClaims>;

export const routeGrantAudience = 'sallyport-helper';

/** What the privileged helper may route, resolve and filter on the laptop until the grant ends. */
export const RouteGrantClaims = z.strictObject({
  ...common,
  aud: z.literal(routeGrantAudience),
  sub: id,
  usr: id,
  routes: z.array(Allowance).max(allowEntriesMax),
  /** Whole names; the address is null where the client chooses a virtual one. */
  names: z
    .array(z.strictObject({ name: DnsName, address: z.union([z.ipv4(), z.ipv6()]).nullable() }))
    .max(namesMax),
  suffixes: z.array(DnsName).max(suffixesMax),
  /** The private network's resolver. */
  resolver: z.union([z.ipv4(), z.ipv6()]).optional(),
  device: z.strictObject({ mtuMax: z.int().min(576).max(65_535) }).optional(),
  /** True where the resource gets a virtual address instead of routes. */
  virtual: z.boolean().optional(),
});
export type RouteGrantClaims = z.infer<typeof RouteGrantClaims>;

/** One request of an agent to the control plane. */
export const AgentCallClaims = z.strictObject({
  /** The agent's enrolment id. */
  iss: id,
  /** The issuer name of the control plane. */
  aud: z.string().min(1).max(256),
  jti: id,
  nbf: z.int().min(0),
  exp: z.int().min(0),
  method: z.enum(['GET', 'POST']),
  /** Path with query, as it goes over the wire: `/api/agents/agt_1/flows`. */
  path: z.string().startsWith('/').max(1024),
  /** base64url of the SHA-256 of the body's bytes; of nothing where there is no body. */
  body: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});
export type AgentCallClaims = z.infer<typeof AgentCallClaims>;

/** A new set of trusted keys, signed with one that is trusted already. */
export const KeySetClaims = z.strictObject({
  iss: z.string().min(1).max(256),
  /** Grows with every set; an older set is never taken back. */
  serial: z.int().min(1),
  keys: z.array(z.unknown()).min(1).max(2),
});
export type KeySetClaims = z.infer<typeof KeySetClaims>;
