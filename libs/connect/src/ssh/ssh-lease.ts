import type { Lease } from '../control-plane.ts';

/** A lease that leads to the sshd of a gateway, with leave to push a key for one user. */
export type SshLease = Lease & {
  readonly ssh: {
    readonly user: string;
    readonly port: number;
    /** Availability zone of the instance; null where it is not known. */
    readonly zone: string | null;
    /** Lines as in known_hosts, without the name. */
    readonly hostKeys: readonly string[];
  };
};

/** Whether a lease leads to an sshd. */
export function isSshLease(lease: Lease): lease is SshLease {
  return 'ssh' in lease && typeof lease.ssh === 'object' && lease.ssh !== null;
}
