import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ApiDouble, aGrant, aRequest, aResource, token } from '../../test/api-double.ts';
import { Person } from '../../test/world-double.ts';
import { hostsOfScp } from './run-ssh.ts';
import { splitWords } from './words.ts';

const instance = 'i-0b5c1d2e3f4a50617';
const web = (over: object = {}) =>
  aResource({
    name: 'web-1',
    kind: 'ssh',
    protocol: 'ssh',
    database: null,
    host: null,
    port: 22,
    ssh: { user: 'app', port: 22, instanceConnect: true },
    gateway: { selector: {}, instanceId: instance, instanceName: 'web-one', state: 'online' },
    ...over,
  });
const node = () =>
  web({
    name: 'onprem-1',
    ssh: { user: 'ops', port: 2222, instanceConnect: false },
    gateway: { selector: {}, instanceId: 'mi-0123456789abcdef0', instanceName: 'onprem', state: 'online' },
  });

let api: ApiDouble;
let person: Person;
beforeAll(async () => {
  api = await ApiDouble.start();
});
afterAll(() => api.stop());
beforeEach(async () => {
  person = await Person.at(api.url);
  person.stdin = token;
  expect((await person.types('login', '--token-stdin')).code).toBe(0);
  api.on('GET /resources', { body: { items: [web(), node(), aResource()] } });
  api.on('GET /grants', { body: { items: [] } });
  api.on('GET /access-requests', { body: { items: [] } });
});
afterEach(() => person.leave());

describe('the configuration of ssh', () => {
  it('holds no host whose name or user would be read as more than that', async () => {
    const evil = 'web-2\n  ProxyCommand touch here';
    const items = [
      web(),
      web({ name: evil }),
      web({ name: 'web-3', ssh: { user: 'app\n  PermitLocalCommand yes', port: 22, instanceConnect: true } }),
      web({ name: 'web-4', ssh: { user: 'app', port: '22\n  LocalCommand id', instanceConnect: true } }),
    ];
    api.on('GET /resources', { body: { items } });
    const { out } = await person.types('ssh-config');
    expect(out).toContain('Host web-1\n');
    expect(out).not.toMatch(/web-[234]|touch|LocalCommand/u);
  });
});

describe('the name of an SSH host', () => {
  it.each([
    ['web-1; id', 'SSH_HOST_INVALID'],
    ['$(id)', 'SSH_HOST_INVALID'],
    ['a/../b', 'SSH_HOST_INVALID'],
    ['web 1', 'SSH_HOST_INVALID'],
    ['web-2', 'RESOURCE_UNKNOWN'],
    ['prod-rds', 'RESOURCE_USED_OTHERWISE'],
    ['i-00000000000000000', 'RESOURCE_UNKNOWN'],
  ])('%s is refused with %s before anything is opened', async (host, code) => {
    const ran = await person.types('proxy', host, '22');
    expect(ran.err).toContain(code);
    expect(ran.out).toBe('');
    expect(ran.code).not.toBe(0);
  });

  it('is not taken for an option of ours', async () => {
    const ran = await person.types('proxy', '--', '-oProxyCommand=id', '22');
    expect(ran.err).toMatch(/SSH_HOST_INVALID|COMMAND_USAGE/u);
  });

  it.each(['web-1', 'web-one', instance])('%s leads to the one resource (b2)', async (host) => {
    const ran = await person.types('proxy', host, '22', '--user', 'app');
    expect(ran).toMatchObject({ code: 8, out: '' });
    expect(ran.err).toContain('web-1 is not granted to you. Ask for it: tunnel request web-1');
    expect(ran.err).toContain('SSH_NOT_GRANTED');
  });

  it('with two matches is an error that lists both, unless the user tells them apart (b2)', async () => {
    const other = web({ name: 'web-root', ssh: { user: 'ops', port: 22, instanceConnect: true } });
    api.on('GET /resources', { body: { items: [web(), other] } });
    const ran = await person.types('proxy', instance, '22');
    expect(ran).toMatchObject({ code: 7, out: '' });
    expect(ran.err).toContain(`web-1 (app at ${instance}) and web-root (ops at ${instance})`);
    expect(ran.err).toContain('SSH_HOST_AMBIGUOUS');
    const told = await person.types('proxy', instance, '22', '--user', 'ops');
    expect(told.err).toContain('web-root is not granted to you');
  });

  it('with another user or another port than granted is told so', async () => {
    const user = await person.types('proxy', 'web-1', '22', '--user', 'root');
    expect(user.err).toContain('SSH_USER_OTHER');
    expect(user.err).toContain('ssh app@web-1');
    expect((await person.types('proxy', 'web-1', '2200', '--user', 'app')).err).toContain('SSH_PORT_OTHER');
    expect((await person.types('proxy', 'web-1', '70000')).err).toContain('LOCAL_PORT_INVALID');
  });

  it('that is asked for already says that it waits', async () => {
    const items = [
      { id: 'itm_1', state: 'pending', resource: { id: 'r', name: 'web-1', kind: 'ssh' }, grantId: null },
    ];
    api.on('GET /access-requests', { body: { items: [aRequest({ items })] } });
    const ran = await person.types('proxy', 'web-1', '22');
    expect(ran).toMatchObject({ code: 8, out: '' });
    expect(ran.err).toContain('REQUEST_WAITING');
  });
});

describe('a host that is not granted', () => {
  it('is asked for at the terminal that ssh was started from, with the reason and the time that are typed there', async () => {
    person.terminal = person.beside = true;
    person.answers = ['INC-4312 full disk', '30m'];
    api.on('GET /resources/web-1', { body: web() });
    const answered = aRequest({ state: 'denied' });
    api.on('POST /access-requests', { status: 201, body: answered });
    api.on(`GET /access-requests/${answered.id}`, { body: answered });
    const ran = await person.types('proxy', 'web-1', '22', '--user', 'app');
    expect(ran).toMatchObject({ code: 5, out: '' });
    expect(ran.err).toContain('web-1 is not granted to you. Ask for it?');
    expect(ran.err).toContain('REQUEST_DENIED');
    const asked = api.asked.findLast(({ method, path }) => `${method} ${path}` === 'POST /access-requests');
    expect(asked?.body).toMatchObject({
      resources: ['web-1'],
      durationSeconds: 1800,
      reason: 'INC-4312 full disk',
    });
  });

  it.each([
    ['nobody sits', false, true],
    ['the words of ssh go to a file', true, false],
  ])('is told how to ask for where %s, with exit code 8', async (_where, beside, terminal) => {
    Object.assign(person, { beside, terminal, answers: [] });
    const ran = await person.types('proxy', 'web-1', '22', '--user', 'app');
    expect(ran).toMatchObject({ code: 8, out: '' });
    expect(ran.err).toContain('SSH_NOT_GRANTED');
  });
});

describe('an ssh that is killed', () => {
  it('takes its proxy along while a decision is waited for', async () => {
    const items = [
      { id: 'itm_1', state: 'pending', resource: { id: 'r', name: 'web-1', kind: 'ssh' }, grantId: null },
    ];
    const pending = aRequest({ items });
    api.on('GET /access-requests', { body: { items: [pending] } });
    api.on(`GET /access-requests/${pending.id}`, { body: pending });
    person.terminal = true;
    const carried = new PassThrough();
    person.carried = carried;
    carried.write('SSH-2.0-OpenSSH_9.2\r\n');
    const ran = person.types('proxy', 'web-1', '22', '--user', 'app');
    await expect.poll(() => api.asked.some(({ path }) => path.endsWith(pending.id))).toBe(true);
    carried.end();
    expect(await ran).toMatchObject({ code: 0, out: '' });
  });

  it('takes its proxy along while a question stands at the terminal', async () => {
    person.terminal = person.beside = true;
    const asked = Promise.withResolvers<void>();
    const ask = () => {
      asked.resolve();
      return new Promise<never>(() => undefined);
    };
    person.prompt = { text: ask, secret: ask };
    person.carried = new PassThrough();
    const ran = person.types('proxy', 'web-1', '22', '--user', 'app');
    await asked.promise;
    (person.carried as PassThrough).end();
    expect(await ran).toMatchObject({ code: 0, out: '' });
  });
});

describe('tunnel ssh-config', () => {
  it('names each host with its user, its port and our key, and nodes with the keys of the person (b1, b4)', async () => {
    const { out } = await person.types('ssh-config');
    const blocks = out.split('\n\n');
    const block = (name: string) =>
      blocks.find((text) => new RegExp(`^Host ${name.replace('*', '[*]')}[\\n ]`, 'u').test(text)) ?? '';
    expect(block('web-1')).toMatch(
      /User app\n {2}Port 22\n {2}ProxyCommand .* proxy web-1 %p --user '%r'\n/u,
    );
    expect(block('web-1')).toMatch(/IdentityAgent ".*\/%r@web-1"/u);
    expect(block('onprem-1')).toMatch(/User ops\n {2}Port 2222\n/u);
    for (const name of ['onprem-1', 'mi-*']) expect(block(name)).not.toContain('Identity');
    expect(block('i-*')).toContain("proxy '%h' %p --user '%r'");
    expect(out).not.toContain('prod-rds');
    for (const name of ['web-1', 'onprem-1', 'i-*', 'mi-*'])
      expect(block(name)).toMatch(/StrictHostKeyChecking yes/u);
  });

  it('is taken by ssh as it is meant, whatever stands in the paths (b1)', async () => {
    if (spawnSync('ssh', ['-V']).error) return;
    person.env['XDG_STATE_HOME'] = join(person.home, "st 100%h's");
    expect((await person.types('ssh-config', '--install')).code).toBe(0);
    const config = join(person.home, '.ssh/config');
    const asked = (host: string) => spawnSync('ssh', ['-G', '-F', config, host], { encoding: 'utf8' }).stdout;
    expect(asked('web-1')).toMatch(/^user app$/mu);
    expect(asked('web-1')).toContain("proxy web-1 %p --user '%r'");
    expect(asked('web-1')).toMatch(/^userknownhostsfile .*st 100%h's\/sallyport\/ssh\/host-keys\/web-1/mu);
    expect(asked(instance)).toContain("proxy '%h' %p --user '%r'");
    expect(asked('elsewhere')).not.toContain('proxycommand');
  });

  it('leads the Name tag of an instance where its resource leads, and one that two bear to the words that list both (b2)', async () => {
    const tagged = (name: string, instanceName: string, over: object = {}) =>
      web({ name, gateway: { selector: {}, instanceId: instance, instanceName, state: 'online' }, ...over });
    const items = [
      tagged('web-1', 'web-one'),
      tagged('web-2', 'pair'),
      tagged('web-3', 'pair', { ssh: { user: 'ops', port: 22, instanceConnect: true } }),
      // A resource goes before a Name tag, a name of the internet is not for taggers to give, and a name is no more than that.
      tagged('web-4', 'prod-rds'),
      tagged('web-5', 'github.com'),
      tagged('web-6', 'web-9\n  ProxyCommand touch here'),
      tagged('web-7', instance),
      aResource(),
    ];
    api.on('GET /resources', { body: { items } });
    const { out } = await person.types('ssh-config');
    const block = (name: string) => out.split('\n\n').find((text) => text.startsWith(`Host ${name}\n`)) ?? '';
    expect(block('web-one')).toMatch(/HostName web-one\n {2}User app\n {2}Port 22\n.* proxy web-one %p/u);
    expect(block('web-one')).toContain('/%r@web-one"');
    expect(block('pair')).toMatch(/HostName pair\n {2}Port 22\n.* proxy pair %p --user '%r'/u);
    for (const name of ['prod-rds', 'github.com', instance]) expect(block(name)).toBe('');
    expect(out).not.toContain('touch here');
    const both = await person.types('proxy', 'pair', '22', '--user', 'me');
    expect(both.err).toContain(`web-2 (app at ${instance}) and web-3 (ops at ${instance})`);
    const dotted = await person.types('ssh', 'github.com');
    expect(dotted.err).toContain('SSH_HOST_INVALID');
    expect(dotted.err).toContain('say web-5');
  });

  it('leads a user with a quotation mark past where a shell would read it', async () => {
    if (spawnSync('ssh', ['-V']).error) return;
    expect((await person.types('ssh-config', '--install')).code).toBe(0);
    const config = join(person.home, '.ssh/config');
    // OpenSSH since 9.6 refuses it on a command line, not so in a file.
    const user = (text: string) => {
      const path = join(person.home, 'other');
      writeFileSync(path, `Match all\n  User "${text}"\nInclude "${config}"\n`);
      return path;
    };
    const asked = (path: string, host: string) =>
      /^proxycommand (.*)$/mu.exec(
        spawnSync('ssh', ['-G', '-F', path, host], { encoding: 'utf8' }).stdout,
      )?.[1];
    for (const host of ['web-1', 'web-one', 'onprem-1', instance, 'mi-0123456789abcdef0']) {
      expect(asked(user("x'$(id)'"), host)).toMatch(/ proxy "user'" %p$/u);
      expect(asked(user('app'), host)).toMatch(/ --user '%r'$/u);
    }
    expect(asked(user("x'$(id)'"), 'elsewhere')).toBeUndefined();
    expect((await person.types('proxy', "user'", '22')).err).toContain('SSH_HOST_INVALID');
  });

  it('tells ssh of hosts that were added since, by whatever asks for the catalogue, where it was installed by the same program alone', async () => {
    const hosts = () => readFileSync(join(person.home, '.local/state/sallyport/ssh/hosts.conf'), 'utf8');
    const added = (name: string) =>
      api.on('GET /resources', { body: { items: [web(), web({ name }), aResource()] } });
    await person.types('ls');
    expect(existsSync(join(person.home, '.local/state/sallyport/ssh'))).toBe(false);
    await person.types('ssh-config', '--install');
    const commands = {
      ls: ['ls'],
      status: ['status'],
      login: ['login', '--token-stdin'],
      request: ['request', 'web-1', '--for', '1h', '--reason', 'a look', '--no-wait'],
      proxy: ['proxy', 'web-1', '22'],
    };
    for (const [name, words] of Object.entries(commands)) {
      added(`new-by-${name}`);
      await person.types(...words);
      expect(hosts()).toContain(`Host new-by-${name}\n`);
    }
    // Somebody else wrote it: another program, or this one for another control plane.
    const other = hosts().replaceAll(api.url, 'https://elsewhere.example');
    writeFileSync(join(person.home, '.local/state/sallyport/ssh/hosts.conf'), other, { mode: 0o600 });
    await person.types('ls');
    expect(hosts()).toBe(other);
  });

  it('tells in JSON what it did', async () => {
    const first = JSON.parse((await person.types('ssh-config', '--install', '--json')).out) as object;
    expect(first).toMatchObject({
      id: 'ssh-config',
      state: 'installed',
      hosts: ['web-1', 'onprem-1', 'web-one', 'onprem'],
      backup: null,
    });
    const second = JSON.parse((await person.types('ssh-config', '--install', '--json')).out) as object;
    expect(second).toMatchObject({ state: 'unchanged' });
    expect((await person.types('ssh-config', '--uninstall')).out).toContain('no more');
    expect(readFileSync(join(person.home, '.ssh/config'), 'utf8')).toBe('');
  });
});

describe('tunnel ssh', () => {
  it('divides its words between us, ssh and the far side', () => {
    expect(splitWords(['--for', '1h', 'web-1', '-L', '1:a:2', '--', 'ls', '--', '-l'], ['--for'])).toEqual({
      ours: ['--for', '1h'],
      host: 'web-1',
      theirs: ['-L', '1:a:2'],
      command: ['ls', '--', '-l'],
    });
    expect(splitWords(['--', 'ls'], [])).toEqual({ ours: [], host: undefined, theirs: [], command: ['ls'] });
    expect(hostsOfScp(['-P', '22', '-r', './a:b', 'web-1:/x', 'app@web-2:y', 'scp://web-3:22/z'])).toEqual([
      'web-1',
      'app@web-2',
      'web-3',
    ]);
  });

  it('keeps the status of ssh, and says when there is no ssh', async () => {
    api.on('GET /grants', {
      body: { items: [aGrant({ resource: { id: 'r', name: 'web-1', kind: 'ssh' } })] },
    });
    person.env['PATH'] = person.home;
    const ran = await person.types('ssh', 'web-1', '--', 'true');
    expect(ran.code).toBe(11);
    expect(ran.err).toContain('SSH_PROGRAM_MISSING');
    writeFileSync(join(person.home, 'ssh'), '#!/bin/sh\necho "$@" > "$HOME/asked"\nexit 7\n', {
      mode: 0o755,
    });
    expect((await person.types('ssh', 'app@web-1', '-v', '--', 'exit', '7')).code).toBe(7);
    const asked = readFileSync(join(person.home, 'asked'), 'utf8');
    expect(asked).toMatch(/^-F \S+\/everything\.conf -v app@web-1 exit 7\n$/u);
    expect(existsSync(join(person.home, '.ssh'))).toBe(false);
  });
});
