import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseTunnels, readTunnelsFile } from './tunnels-file.ts';

const places = { folder: '/team', home: '/home/e' };
const mistakes = (text: string) =>
  parseTunnels(text, places).errors.map(({ field, message }) => `${field}: ${message}`);

describe('a file of tunnels', () => {
  it('is a list of names with what each may have', () => {
    const text = `
tunnels:
  - name: prod-rds
    port: 15432
    for: 1h
    reason: INC-4312 slow query
    ticket: 4312
  - {name: prod-web, bind: 0.0.0.0}
  - {name: staging-rds, socket: ~/.pg/.s.PGSQL.5432}
  - {name: cache, socket: run/cache.sock}
`;
    const { tunnels, errors } = parseTunnels(text, places);
    expect(errors).toEqual([]);
    expect(tunnels).toMatchObject([
      {
        name: 'prod-rds',
        port: 15432,
        for: '1h',
        reason: 'INC-4312 slow query',
        ticket: '4312',
        bind: null,
        line: 3,
      },
      { name: 'prod-web', port: null, bind: '0.0.0.0', line: 8 },
      { name: 'staging-rds', socketPath: '/home/e/.pg/.s.PGSQL.5432' },
      { name: 'cache', socketPath: '/team/run/cache.sock' },
    ]);
  });

  it('may be the list alone', () => {
    expect(parseTunnels('- name: prod-rds\n', places).tunnels).toMatchObject([{ name: 'prod-rds', line: 1 }]);
  });

  it.each([
    ['', 'line 1, column 1: a list of tunnels is expected: tunnels: [{name: prod-rds}]'],
    ['tunnels: 7', 'line 1, column 10: a list of tunnels is expected: tunnels: [{name: prod-rds}]'],
    ['server: x\ntunnels: []', 'line 1, column 1: only "tunnels" is known here'],
    ['- prod-rds', 'line 1, column 3: a tunnel is expected: {name: prod-rds}'],
    ['- port: 1', 'line 1, column 3: the name is missing'],
    ['- name: a\n  ports: 1', 'line 2, column 3: "ports" is not known; did you mean port'],
    ['- name: a\n  port: 70000', 'line 2, column 9: port is a whole number from 0 (any free one) to 65535'],
    ['- name: a\n  port: "1"', 'line 2, column 9: port is a whole number from 0 (any free one) to 65535'],
    ['- name: "a b"', 'line 1, column 9: "a b" is not a name'],
    ['- name: a\n  bind: example.com', 'line 2, column 9: "example.com" is not an IP address'],
    ['- name: a\n  for: soon', 'line 2, column 8: "soon" is not a duration; write it like 30m, 1h or 1h30m.'],
    ['- name: a\n  reason: [b]', 'line 2, column 11: reason is one value'],
    ['- name: a\n  reason: ""', 'line 2, column 11: reason is empty'],
    ['- name: a\n  socket: x\n  port: 1', 'line 1, column 3: a socket takes the place of port and bind'],
    ['- name: a\n- name: b\n- name: a', 'line 3: a stands at line 1 already'],
    ['- name: a\n  name: b', 'line 2, column 3: Map keys must be unique'],
    ['- &x {name: a}\n- *x', 'line 2, column 3: a tunnel is expected: {name: prod-rds}'],
    [`- name: a\n  reason: ${'r'.repeat(501)}`, 'line 2, column 11: reason is longer than 500 characters'],
  ])('refuses %j, saying where', (text, mistake) => {
    expect(mistakes(text)).toEqual([mistake]);
  });

  it('is refused with all its mistakes at once', () => {
    expect(mistakes('- name: a\n  port: x\n- nome: b\n- name: "[\n')).not.toEqual([]);
    expect(mistakes('- name: a\n  port: x\n- nome: b\n')).toHaveLength(3);
  });
});

describe('reading it', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'tunnels-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('finds it by its one true path', async () => {
    await writeFile(join(folder, 'tunnels.yaml'), '- name: a\n');
    await symlink(join(folder, 'tunnels.yaml'), join(folder, 'link.yaml'));
    const direct = await readTunnelsFile('tunnels.yaml', folder, '/');
    expect((await readTunnelsFile('link.yaml', folder, '/')).path).toBe(direct.path);
  });

  it('refuses one that is not there, not valid, or no file', async () => {
    await expect(readTunnelsFile('none.yaml', folder, '/')).rejects.toMatchObject({
      code: 'TUNNELS_FILE_MISSING',
    });
    await expect(readTunnelsFile('.', folder, '/')).rejects.toMatchObject({ code: 'TUNNELS_FILE_INVALID' });
    await writeFile(join(folder, 'bad.yaml'), 'tunnels: [');
    await expect(readTunnelsFile('bad.yaml', folder, '/')).rejects.toMatchObject({
      code: 'TUNNELS_FILE_INVALID',
      exitCode: 2,
    });
  });
});
