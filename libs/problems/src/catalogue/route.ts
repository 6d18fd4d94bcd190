import { entries } from '../catalogue-entry.ts';

/** Routes of granted networks on the person's machine. */
export const route = entries({
  ROUTE_CONFLICT: {
    kind: 'local',
    title: 'The granted network overlaps one that this machine already uses.',
    advice: 'Both routes are shown: end the other one, or use --via port.',
  },
  ROUTE_DEVICE_FAILED: {
    kind: 'local',
    title: 'The network device of the tunnel failed.',
    advice: 'Connect again; `tunnel doctor` shows the device and its routes.',
  },
  ROUTE_EXCLUSIONS_TOO_MANY: {
    kind: 'limited',
    title: 'More addresses lie inside the granted network than can be kept outside the tunnel.',
    advice: 'Use --via port, or ask an administrator to name the networks more narrowly.',
  },
  ROUTE_FILTER_TAKEN: {
    kind: 'local',
    title: 'Another program rules the packet filter of this machine.',
    advice: 'End that program (often a VPN or a firewall), or use --via tun, or --via port.',
  },
});
