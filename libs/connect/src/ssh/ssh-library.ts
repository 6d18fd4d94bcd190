/** The SSH library by a static import: loaded lazily by its own name, a CommonJS package would show its default alone inside a bundle. */
import ssh2 from 'ssh2';

export const { Client, utils } = ssh2;
export type { Client as SshClient, ClientChannel as SshChannel, ServerHostKeyAlgorithm } from 'ssh2';
