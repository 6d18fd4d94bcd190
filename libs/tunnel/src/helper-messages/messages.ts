import { z } from 'zod';

/**
 * What a client and the privileged helper say to each other: a few typed messages, no command, no path. All bounds are here, so that the
 * helper's judgement begins with a form that is already small and well made.
 */
export const helperProtocol = 1;

/** Largest message in bytes, either way. */
export const messageBytesMax = 64 * 1024;

export const limits = {
  routeGrants: 16,
  tokenBytes: 24 * 1024,
  entries: 64,
  portsPerEntry: 64,
  listeners: 256,
  exclude: 64,
  names: 128,
  suffixes: 32,
  keySets: 16,
  keySetBytes: 4096,
  mtuMin: 1280,
  mtuMax: 65_535,
} as const;

/** Canonical form is checked by the judge; here only that it cannot be anything but an address. */
const address = z
  .string()
  .max(45)
  .regex(/^[0-9a-fA-F:.]+$/);
const cidr = z
  .string()
  .max(49)
  .regex(/^[0-9a-fA-F:.]+\/\d{1,3}$/);
const port = z.int().min(1).max(65_535);
/**
 * A port on which the client listens. Other users are kept away from it, so it is none of those that only root opens: nobody is to close the
 * machine's own resolver or web server to the others.
 */
const ownPort = z.int().min(1024).max(65_535);
const proto = z.enum(['tcp', 'udp']);
/** A DNS name in its ASCII form; what else it must fulfil is the judge's business. */
const name = z
  .string()
  .min(1)
  .max(253)
  .regex(/^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?$/);

const virtual = z.strictObject({
  /** The IPv4 range of this set: its first host is the device, its second the DNS responder, entries come after. */
  range: cidr,
  entries: z
    .array(
      z.strictObject({
        name,
        address,
        ports: z.array(z.tuple([proto, port])).max(limits.portsPerEntry),
      }),
    )
    .max(limits.entries),
});

/** Where the packet filter sends what it catches: conversations to these addresses and ports go to a listener on loopback. */
const listener = z.strictObject({
  to: z.union([cidr, address]),
  ports: z.tuple([port, port]),
  proto,
  /** Port of the client's own listener on 127.0.0.1 (IPv4) or ::1 (IPv6). */
  listener: ownPort,
});

const names = z.strictObject({
  names: z.array(z.strictObject({ name, address })).max(limits.names),
  suffixes: z.array(name).max(limits.suffixes),
  /**
   * For the filter only: the client's own responder on loopback, which the filter puts behind the responder's address. With a device the
   * client answers on the device itself.
   */
  listener: ownPort.optional(),
});

const wanted = {
  routeGrants: z.array(z.string().min(1).max(limits.tokenBytes)).min(1).max(limits.routeGrants),
  virtual: virtual.optional(),
  listeners: z.array(listener).max(limits.listeners).optional(),
  /** Addresses that must stay outside although a granted network contains them: AWS endpoints, the control plane, the resolver. */
  exclude: z.array(address).max(limits.exclude).default([]),
  dns: names.optional(),
};

/** The first message of a connection. One connection holds one set of things; its end drops them all. */
export const openForm = z.strictObject({
  type: z.literal('open'),
  protocol: z.literal(helperProtocol),
  via: z.enum(['tun', 'filter']),
  shape: z.enum(['virtual', 'subnet']),
  /** The largest the grant allows, where it is left out. */
  mtu: z.int().min(limits.mtuMin).max(limits.mtuMax).optional(),
  /** How packets lie in the device on Linux: alone, or behind ten bytes of `virtio_net_hdr` with offloads (faster). */
  framing: z.enum(['plain', 'vnet']).default('plain'),
  ...wanted,
});

/** Replaces the wish of `open`; what is already right stays untouched. */
export const changeForm = z.strictObject({ type: z.literal('change'), ...wanted });

/**
 * Sets of signing keys, each signed with a key of the one before it, in their order: the control plane publishes them. The helper moves its trust along
 * those that lead on from what it believes, and passes over those it has behind it.
 */
export const followKeysForm = z.strictObject({
  type: z.literal('follow-keys'),
  keySets: z.array(z.string().min(1).max(limits.keySetBytes)).min(1).max(limits.keySets),
});

export const requestForm = z.discriminatedUnion('type', [
  openForm,
  changeForm,
  followKeysForm,
  /** `from`: where the answer before left off. */
  z.strictObject({ type: z.literal('status'), from: z.int().min(0).max(1024).optional() }),
  z.strictObject({ type: z.literal('close') }),
]);

export type OpenRequest = z.output<typeof openForm>;
export type ChangeRequest = z.output<typeof changeForm>;
export type HelperRequest = z.output<typeof requestForm>;
export type OpenWish = Omit<z.input<typeof openForm>, 'type' | 'protocol'>;
export type ChangeWish = Omit<z.input<typeof changeForm>, 'type'>;

const text = z.string().max(4096);

const dnsState = z.object({
  /** `none`: no name was asked for, or this system offers no way for it (details say which). */
  how: z.enum(['resolved', 'resolver-files', 'hosts', 'none']),
  details: z.array(text),
});

/** What stands now; answers `open` and `change`. With `open` by TUN the device's file descriptor comes beside it. */
export const openedForm = z.object({
  type: z.literal('opened'),
  /** Name of the device; null by filter. */
  device: text.nullable(),
  address4: text.nullable(),
  address6: text.nullable(),
  /** Addresses inside the tunnel on which the client's DNS responder is asked. */
  responder4: text.nullable(),
  responder6: text.nullable(),
  mtu: z.number(),
  /** How packets lie in what is read from and written to the device. */
  framing: z.enum(['plain', 'vnet', 'utun']),
  /** Networks that lead into the tunnel, canonical. */
  routes: z.array(text),
  /** Addresses that were asked to stay outside and lie inside one of `routes`. */
  excluded: z.array(text),
  /** As a person sees them in `ip rule` and `nft list`, or in `pfctl`. */
  rules: z.array(text),
  dns: dnsState,
  /** Whose programs may use it. */
  uid: z.number(),
  /** Unix milliseconds at which the helper ends it: the earliest end of the route grants. */
  endsAt: z.number(),
});
export type Opened = z.output<typeof openedForm>;

/** One set of things as `doctor` prints it. */
const setReport = z.object({
  device: text.nullable(),
  via: z.enum(['tun', 'filter']),
  uid: z.number(),
  grants: z.array(text),
  endsAt: z.number(),
  /** Sections such as `device`, `routes`, `rules`, `filter`, `dns`: lines as the system's own programs print them. */
  sections: z.array(z.object({ title: text, command: text, lines: z.array(text) })),
});

const believed = z.array(z.object({ issuer: text, fingerprints: z.array(text) }));

export const statusForm = z.object({
  type: z.literal('status'),
  version: text,
  issuers: believed,
  /** What a crash had left and the last start removed. */
  swept: z.array(text),
  /** The asker's own sets only, unless root asks. */
  sets: z.array(setReport),
  /** There are more sets than fit into one message: they are asked for with this `from`. */
  next: z.int().nullable().optional(),
});
export type HelperStatus = z.output<typeof statusForm>;

export const replyForm = z.discriminatedUnion('type', [
  openedForm,
  statusForm,
  z.object({ type: z.literal('refused'), code: text, detail: text, existing: z.array(text).optional() }),
  /** Whom it believes after `follow-keys`. */
  z.object({ type: z.literal('keys'), issuers: believed }),
  z.object({ type: z.literal('closed') }),
  /** Unasked: the helper ended this set, with the code why (GRANT_ENDED, HELPER_STOPPED, HELPER_LISTENER_FOREIGN). */
  z.object({ type: z.literal('ended'), code: text }),
]);
export type HelperReply = z.output<typeof replyForm>;
