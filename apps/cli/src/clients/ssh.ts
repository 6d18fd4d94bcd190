import { authorityOf, type ClientCase, type ClientSettings } from './place.ts';

/** The address of an SSH host; without a port of its own it is the connection of one ssh, and goes by its name. */
export function sshSettings({ place }: ClientCase): ClientSettings {
  const user = place.resource.ssh ? `${place.resource.ssh.user}@` : '';
  const address = place.socket ?? (place.port === 0 ? place.host : authorityOf(place));
  return { url: `ssh://${user}${address}`, env: {}, clears: () => false, files: {} };
}
