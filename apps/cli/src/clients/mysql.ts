import { join } from 'node:path';
import { authorityOf, type ClientCase, type ClientSettings, type HandedFile } from './place.ts';

/**
 * Settings of the MySQL and MariaDB clients: an option file in a folder that `MYSQL_HOME` names, also for `--defaults-extra-file={defaults}`. These clients compare
 * a certificate with the address they dial, so the authority is verified and the name is not.
 */
export function mysqlSettings({ place, folder, password }: ClientCase): ClientSettings {
  const { database, tls } = place.resource;
  const files: Record<string, HandedFile> = {};
  const lines = ['[client]'];
  if (place.socket === null) lines.push(`host=${quoted(place.host)}`, `port=${place.port}`, 'protocol=tcp');
  else lines.push(`socket=${quoted(place.socket)}`, 'protocol=socket');
  if (database) lines.push(`user=${quoted(database.role)}`);
  if (password !== undefined) lines.push(`password=${quoted(password)}`);
  if (tls) {
    if (tls.ca) {
      files['ca'] = { name: 'ca.pem', text: tls.ca };
      lines.push(`ssl-ca=${quoted(join(folder, 'ca.pem'))}`);
    }
    // Each of the two families passes over what only the other knows ("loose").
    lines.push(`loose_ssl-mode=${tls.ca ? 'VERIFY_CA' : 'REQUIRED'}`, 'loose_ssl=1');
    if (password !== undefined) lines.push('loose_enable-cleartext-plugin=1');
  }
  if (database) lines.push('[mysql]', `database=${quoted(database.name)}`);
  files['defaults'] = { name: 'my.cnf', text: lines.join('\n') + '\n' };
  const user = database ? `${encodeURIComponent(database.role)}@` : '';
  return {
    url:
      place.socket === null
        ? `mysql://${user}${authorityOf(place)}/${encodeURIComponent(database?.name ?? '')}`
        : `mysql://${user}localhost/${encodeURIComponent(database?.name ?? '')}?socket=${encodeURIComponent(place.socket)}`,
    env: {
      MYSQL_HOME: folder,
      ...(place.socket === null
        ? { MYSQL_HOST: place.host, MYSQL_TCP_PORT: String(place.port) }
        : { MYSQL_UNIX_PORT: place.socket }),
    },
    clears: (variable) => variable.startsWith('MYSQL_') || variable === 'MARIADB_HOME',
    files,
  };
}

/** A value of an option file: quoted, with what the files' grammar escapes (MySQL 8.4 manual, 6.2.2.2). */
const quoted = (value: string) => `"${value.replace(/["\\]/gu, '\\$&')}"`;
