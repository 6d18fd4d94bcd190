import { basename, dirname, join } from 'node:path';
import { authorityOf, type ClientCase, type ClientSettings, type HandedFile } from './place.ts';

/** Socket names that libpq understands: `.s.PGSQL.5432`. */
const socketName = /^\.s\.PGSQL\.(\d{1,5})$/u;

/**
 * Settings of libpq and of what follows its variables (PostgreSQL 15 manual, 34.15). With TLS `PGHOST` is the name in the certificate and
 * `PGHOSTADDR` is where to dial, so that `verify-full` verifies; a token is handed over by `PGPASSFILE` (0600).
 */
export function postgresqlSettings(given: ClientCase): ClientSettings {
  const { place, folder, password, publicAuthorities } = given;
  const { name = '', role = '' } = place.resource.database ?? {};
  const { tls } = place.resource;
  const socket = place.socket === null ? null : socketName.exec(basename(place.socket));
  const serverName = tls ? (tls.serverName ?? place.resource.host) : null;
  const host =
    place.socket !== null ? (socket ? dirname(place.socket) : place.socket) : (serverName ?? place.host);
  const port = socket ? Number(socket[1]) : place.port;
  const files: Record<string, HandedFile> = {};
  const env: Record<string, string> = { PGHOST: host, PGPORT: String(port) };
  if (place.resource.database) Object.assign(env, { PGUSER: role, PGDATABASE: name });
  const query: [string, string][] = [];
  if (serverName && place.socket === null) {
    env['PGHOSTADDR'] = place.host;
    env['PGSSLMODE'] = 'verify-full';
    query.push(['hostaddr', place.host], ['sslmode', 'verify-full']);
    if (tls?.ca) files['ca'] = { name: 'ca.pem', text: tls.ca };
    const root = tls?.ca ? join(folder, 'ca.pem') : publicAuthorities;
    if (root !== undefined) {
      env['PGSSLROOTCERT'] = root;
      query.push(['sslrootcert', root]);
    }
  }
  if (password !== undefined) {
    const line = [host, String(port), name, role, password].map(passEscaped).join(':');
    files['passfile'] = { name: 'pgpass', text: line + '\n' };
    env['PGPASSFILE'] = join(folder, 'pgpass');
    query.push(['passfile', join(folder, 'pgpass')]);
  }
  return {
    url: urlOf(given, host, port, query),
    env,
    files,
    clears: (variable) => variable.startsWith('PG'),
  };
}

function urlOf({ place }: ClientCase, host: string, port: number, query: [string, string][]): string {
  const { database } = place.resource;
  const role = database ? `${encodeURIComponent(database.role)}@` : '';
  const path = database ? `/${encodeURIComponent(database.name)}` : '/';
  const local = place.socket !== null;
  const where = local ? `:${port}` : authorityOf({ host, port });
  const all: [string, string][] = local ? [['host', host], ...query] : query;
  const words = all.map(([key, value]) => `${key}=${encodeURIComponent(value).replaceAll('%2F', '/')}`);
  return `postgres://${role}${local && port === 0 ? '' : where}${path}${words.length > 0 ? `?${words.join('&')}` : ''}`;
}

/** A field of a password file (PostgreSQL 15 manual, 34.16). */
const passEscaped = (field: string) => field.replace(/[\\:]/gu, '\\$&');
