import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { repository } from '../tools/start/installation.ts';
import { find } from '../tools/test/programs.ts';
import { whileDenied } from './harness/denied-action.ts';
import { keySocketsOf, parentOf, processesOf, proxiesOf, readBy } from './harness/laptop-processes.ts';
import { LongScp } from './harness/long-scp.ts';
import { allowedAbout, keyOf, outliveLease } from './harness/outlive-lease.ts';
import type { CloudTrailRecord } from './harness/product.ts';
import { instances, SshWorld, type HostName } from './harness/ssh-world.ts';
import { Terminal } from './harness/terminal.ts';
import { Laptop, type Run } from './harness/tunnel.ts';

const programs = (['ssh', 'sshd', 'curl', 'rsync', 'script'] as const).every(
  (name) => find(name) !== undefined,
);
interface AskedFor {
  readonly items: readonly { readonly resource: { readonly name: string } }[];
  readonly reason: string;
  readonly durationSeconds: number;
}
const patience = { timeout: 60_000, interval: 50 };
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe.skipIf(!programs)('hosts by the SSH client of the machine', () => {
  let world: SshWorld;
  let laptop: Laptop;
  let user: string;
  /** Where a long scp runs beside all else. */
  let elsewhere: Laptop;
  let long: LongScp;
  const terminals: Terminal[] = [];
  const home = (name: HostName, file: string) => join(world.sshd[name].home, file);
  const config = () => join(laptop.home, '.ssh/config');
  /** As a person types it, but for the file of settings, which OpenSSH seeks in the home of passwd rather than in HOME. */
  const ssh = (...words: string[]) => laptop.run('ssh', ['-F', config(), ...words]);
  const trail = (eventName: string): CloudTrailRecord[] =>
    world.product.cloudTrail().filter((record) => record.eventName === eventName);
  const pushes = () => trail('SendSSHPublicKey').map(({ requestParameters }) => requestParameters);
  const ended = async (run: Run) => ({ code: await run.code, out: run.stdout, err: run.stderr });
  const running = () => processesOf(laptop);
  const proxies = () => proxiesOf(laptop);
  const sockets = () => keySocketsOf(laptop);

  beforeAll(async () => {
    world = await SshWorld.start();
    ({ user } = world.sshd.files);
    laptop = await Laptop.signedIn(world.product, 'engineer');
    const engineer = world.product.as('engineer');
    for (const name of ['files-1', 'fresh-1']) await engineer.asks(name, 3600);
    expect(await laptop.tunnel(['ssh-config', '--install']).code).toBe(0);
    elsewhere = await Laptop.signedIn(world.product, 'engineer');
    long = await LongScp.begin(world.product, 'files-1', home('files', 'long'), elsewhere);
  });
  afterEach(async () => {
    for (const { run } of terminals.splice(0)) {
      run.child.kill('SIGKILL');
      await run.code;
    }
  });
  afterAll(async () => {
    await elsewhere?.remove();
    await laptop.remove();
    await world.stop();
  });

  it('b1: ssh by name and by instance id, with nothing on standard output but what the command says', async () => {
    const byName = await ended(ssh('files-1', 'id -un; printf done'));
    expect(byName).toMatchObject({ code: 0, out: `${user}\ndone`, err: '' });
    const byId = await ended(ssh(`${user}@${instances.files}`, 'id', '-un'));
    expect(byId).toMatchObject({ code: 0, out: `${user}\n`, err: '' });
    expect(pushes().at(-1)).toMatchObject({ instanceId: instances.files, osUser: user });
  });

  it('b1: the proxy writes nothing but SSH to its standard output, from the first byte on', async () => {
    const words = [join(repository, 'apps/cli/bin/run.js'), 'proxy', 'files-1', '22', '--user', user];
    const proxy = spawn(process.execPath, words, { env: laptop.env, cwd: laptop.home });
    const exited = once(proxy, 'close');
    const heard: Buffer[] = [];
    proxy.stdout.on('data', (bytes: Buffer) => heard.push(bytes));
    const said = () => Buffer.concat(heard);
    proxy.stdin.write('SSH-2.0-a_test\r\n');
    // RFC 4253: a line with the version, then packets that begin with their length; the first is the offer of a key exchange.
    const end = () => said().indexOf('\n') + 1;
    const packet = () => said().subarray(end());
    const whole = () => end() > 0 && packet().length > 4 && packet().length >= 4 + packet().readUInt32BE(0);
    await expect.poll(whole, patience).toBe(true);
    expect(said().toString('latin1')).toMatch(/^SSH-2\.0-OpenSSH\S* ?.*\r\n/);
    expect(packet()[5]).toBe(20);
    // No ssh has asked for the key, so after the service has closed the socket it is handed over once more.
    const before = pushes().length;
    const sessionId = trail('StartSession').at(-1)?.responseElements?.['sessionId'];
    await world.product.sandbox.event({ kill: { side: 'client', sessionId, how: 'bye' } });
    await expect.poll(() => pushes().length, patience).toBeGreaterThan(before);
    expect(pushes().at(-1)).toEqual(pushes().at(before - 1));
    proxy.stdin.end();
    expect(await exited).toEqual([0, null]);
    expect(packet()).toHaveLength(4 + packet().readUInt32BE(0));
  });

  it('b2: a Name tag leads where its resource leads, for ssh, scp and tunnel ssh', async () => {
    expect(await ended(ssh('files-host', 'id -un'))).toMatchObject({ code: 0, out: `${user}\n`, err: '' });
    const file = join(laptop.home, 'named.txt');
    writeFileSync(file, 'by its Name tag');
    const scp = await ended(laptop.tunnel(['scp', '-q', file, 'files-host:named']));
    expect(scp).toMatchObject({ code: 0, out: '' });
    expect(readFileSync(home('files', 'named'), 'utf8')).toBe('by its Name tag');
    const own = await ended(laptop.tunnel(['ssh', 'files-host', '--', 'cat named']));
    expect(own).toMatchObject({ code: 0, out: 'by its Name tag' });
    // Two bear it.
    const both = await ended(ssh('twin', 'true'));
    expect(both).toMatchObject({ code: 255, out: '' });
    expect(both.err).toContain('SSH_HOST_AMBIGUOUS');
    for (const name of ['fresh-1', 'node-1']) expect(both.err).toContain(name);
  });

  it('b1: scp, sftp and rsync bring each byte, and a second installation changes nothing', async () => {
    const sent = randomBytes(300_000);
    const file = join(laptop.home, 'sent.bin');
    writeFileSync(file, sent);
    const scp = await ended(laptop.run('scp', ['-F', config(), '-q', file, `files-1:by-scp`]));
    expect(scp).toEqual({ code: 0, out: '', err: '' });
    const batch = `put ${file} by-sftp\nget by-scp ${join(laptop.home, 'back.bin')}\n`;
    const sftp = laptop.run('sftp', ['-F', config(), '-q', '-b', '-', 'files-1'], batch);
    expect(await sftp.code, sftp.stderr).toBe(0);
    const rsync = laptop.run('rsync', ['-e', `ssh -F ${config()}`, file, 'files-1:by-rsync']);
    expect(await rsync.code, rsync.stderr).toBe(0);
    for (const path of [home('files', 'by-scp'), home('files', 'by-sftp'), home('files', 'by-rsync')])
      expect(sha256(readFileSync(path))).toBe(sha256(sent));
    expect(sha256(readFileSync(join(laptop.home, 'back.bin')))).toBe(sha256(sent));
    const before = statSync(config(), { bigint: true }).mtimeNs;
    const again = laptop.tunnel(['ssh-config', '--install', '--json']);
    expect(await again.code).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ state: 'unchanged' });
    expect(statSync(config(), { bigint: true }).mtimeNs).toBe(before);
  });

  it('b1: an editor opens further channels through one connection, and c2: no private key is anywhere but in memory', async () => {
    const path = join(laptop.home, 'mux');
    const master = ssh('-M', '-S', path, '-N', 'files-1');
    await expect.poll(() => existsSync(path), patience).toBe(true);
    const second = await ended(ssh('-S', path, 'files-1', 'printf second'));
    expect(second).toMatchObject({ code: 0, out: 'second' });
    expect(proxies()).toHaveLength(1);
    // While the key is in use: everything that others could read, and everything that was written.
    const [proxy = ''] = proxies();
    const seen = [`/proc/${proxy}/cmdline`, `/proc/${proxy}/environ`, ...filesBelow(laptop.home)]
      .filter((file) => file !== path)
      .map((file) => readFileSync(file));
    const secrets = ['PRIVATE KEY', 'openssh-key-v1', ...leaseSecrets()];
    for (const secret of secrets) expect(seen.some((bytes) => bytes.includes(secret))).toBe(false);
    expect(await ssh('-S', path, '-O', 'exit', 'files-1').code).toBe(0);
    await master.code;
    await expect.poll(proxies, patience).toEqual([]);
    expect(sockets()).toEqual([]);
  });

  it('b1: an editor has a shell that reads a script, and a port to its server beside it (ssh -T -D)', async () => {
    const server = createServer((_request, response) => response.end('the editor’s server'));
    const at = async (listening: Server | HttpServer) => {
      listening.listen(0, '127.0.0.1');
      await once(listening, 'listening');
      return (listening.address() as AddressInfo).port;
    };
    const reserved = createTcpServer();
    const [inner, port] = [await at(server), await at(reserved)];
    await new Promise((resolve) => reserved.close(resolve));
    const script = 'echo "listening $((40 + 2))"; until [ -e leave ]; do sleep 0.1; done; exit 5\n';
    const words = ['-F', config(), '-T', '-D', `127.0.0.1:${port}`, 'files-1', 'sh'];
    const editor = laptop.run('ssh', words, script);
    await editor.until('listening 42');
    const page = await ended(
      laptop.run('curl', ['-s', '--socks5-hostname', `127.0.0.1:${port}`, `http://localhost:${inner}/`]),
    );
    expect(page).toMatchObject({ code: 0, out: 'the editor’s server' });
    writeFileSync(home('files', 'leave'), '');
    expect(await ended(editor)).toMatchObject({ code: 5, out: 'listening 42\n', err: '' });
    server.close();
  });

  it('b3: the exit status of the remote command is that of ssh, and of tunnel ssh', async () => {
    expect(await ssh('files-1', 'exit 7').code).toBe(7);
    const own = await ended(laptop.tunnel(['ssh', 'files-1', '--', 'echo out; echo err >&2; exit 7']));
    expect(own).toEqual({ code: 7, out: 'out\n', err: 'err\n' });
  });

  it('b3: a denied start ends in seconds with our words on standard error, and leaves no process', async () => {
    await world.product.sandbox.instance(instances.fresh, {
      tags: { ...world.tags('fresh'), AccessGranted: 'false' },
    });
    try {
      const denied = await ended(ssh('fresh-1', 'true'));
      expect(denied).toMatchObject({ code: 255, out: '' });
      expect(denied.err).toContain('GATEWAY_TAG_CLOSED');
    } finally {
      await world.product.sandbox.instance(instances.fresh, { tags: world.tags('fresh') });
    }
    const stranger = await ended(ssh(`nobody@files-1`, 'true'));
    expect(stranger).toMatchObject({ code: 255, out: '' });
    expect(stranger.err).toContain(`ssh ${user}@files-1`);
    await expect.poll(running, patience).toEqual([]);
  });

  it('b3: AWS itself denies a start that a lease was given for: ssh ends in seconds with our words, and leaves no process and no socket', async () => {
    const resource = `arn:aws:ec2:eu-west-1:111122223333:instance/${instances.fresh}`;
    const begun = performance.now();
    const denied = await whileDenied(world.product, { Action: 'ssm:StartSession', Resource: resource }, () =>
      ended(ssh('fresh-1', 'true')),
    );
    expect(performance.now() - begun).toBeLessThan(30_000);
    expect(denied).toMatchObject({ code: 255, out: '' });
    expect(denied.err).toContain('AWS refused the session (AccessDeniedException) (SSM_SESSION_REFUSED)');
    expect(trail('StartSession').at(-1)).toMatchObject({
      errorCode: 'AccessDeniedException',
      requestParameters: { target: instances.fresh },
    });
    await expect.poll(running, patience).toEqual([]);
    expect(sockets().filter((name) => name.includes('@fresh-1'))).toEqual([]);
  });

  it('b3: an ssh that is killed while nobody takes what it sends takes its proxy along', async () => {
    const words = `exec ssh -F '${config()}' fresh-1 'echo begun; exec cat >/dev/null' </dev/zero`;
    const upload = laptop.run('sh', ['-c', words]);
    await upload.until('begun');
    const [proxy = ''] = proxies();
    try {
      await world.product.sandbox.faults({ hungInstances: [instances.fresh] });
      let before = -1;
      const stands = () => before === (before = readBy(proxy));
      await expect.poll(stands, { ...patience, interval: 500 }).toBe(true);
      process.kill(parentOf(proxy), 'SIGKILL');
      await expect.poll(running, patience).toEqual([]);
      expect(sockets().filter((name) => name.includes('@fresh-1'))).toEqual([]);
    } finally {
      await world.product.sandbox.faults({});
    }
  });

  it('b1: without a grant ssh asks who sits at the terminal, and says how to ask where nobody does', async () => {
    const unasked = await ended(ssh('node-1', 'true'));
    expect(unasked).toMatchObject({ code: 255, out: '' });
    expect(unasked.err).toContain('Ask for it: tunnel request node-1');
    expect(unasked.err).toContain('SSH_NOT_GRANTED');
    const engineer = world.product.as('engineer');
    const asked = async () =>
      ((await engineer.get('/access-requests?view=mine')).body as { items: AskedFor[] }).items.filter(
        ({ items }) => items[0]?.resource.name === 'node-1',
      );
    const terminal = () => {
      const words = ['-F', config(), '-i', world.ownKey, 'node-1'];
      const opened = new Terminal(laptop, words, ['ssh']);
      terminals.push(opened);
      return opened;
    };
    const left = terminal();
    await left.shows('Reason');
    left.type('\u0003');
    expect(await left.ended()).toBe(255);
    const killed = terminal();
    await killed.shows('Reason');
    const [waiting = ''] = proxies();
    process.kill(parentOf(waiting), 'SIGKILL');
    await expect.poll(proxies, patience).toEqual([]);
    expect(await killed.ended()).toBe(137);
    expect(await asked()).toEqual([]);
    const stayed = terminal();
    await stayed.shows('Reason');
    stayed.type('a look at the node\r');
    await stayed.shows('For how long');
    stayed.type('30m\r');
    await stayed.shows(/\$ \n?$/);
    // What is typed from now on is for the far side, each key of it.
    stayed.type('echo "is $((40 + 2))"\r');
    await stayed.shows(/\nis 42\r?\n/);
    stayed.type('exit 3\r');
    expect(await stayed.ended()).toBe(3);
    expect(await asked()).toMatchObject([{ reason: 'a look at the node', durationSeconds: 1800 }]);
    await expect.poll(proxies, patience).toEqual([]);
  });

  it('c2: ssh -A brings our agent to the far side, which is offered nothing and signs nothing', async () => {
    const far = ssh(
      '-A',
      'files-1',
      'ssh-add -L; until [ -s key.pub ]; do sleep 0.1; done; ssh-add -T key.pub',
    );
    await far.until('no identities');
    // The far side may know the key that it cannot use.
    const [key = ''] = await world.product.sandbox.pushedKeys(instances.files, user);
    writeFileSync(home('files', 'key.pub'), `${key}\n`);
    expect(key).toMatch(/^ssh-ed25519 /u);
    expect(await ended(far)).toMatchObject({ code: 1, out: 'The agent has no identities.\n' });
    expect(far.stderr).toMatch(/agent refused operation|Agent signature failed/u);
    // One's own is forwarded where it is named.
    const own = join(laptop.home, 'own-agent');
    const agent = laptop.run('ssh-agent', ['-D', '-a', own]);
    await expect.poll(() => existsSync(own), patience).toBe(true);
    const add = laptop.run('sh', ['-c', `SSH_AUTH_SOCK='${own}' ssh-add -q '${world.ownKey}'`]);
    expect(await add.code, add.stderr).toBe(0);
    const named = await ended(ssh('-o', `ForwardAgent=${own}`, 'files-1', 'ssh-add -L'));
    expect(named.out).toContain(readFileSync(`${world.ownKey}.pub`, 'utf8').trim());
    agent.child.kill('SIGTERM');
    await agent.code;
  });

  it('b4: a hybrid node is reached with a key of the person, and Instance Connect is not tried', async () => {
    const before = pushes().length;
    const run = await ended(ssh('-i', world.ownKey, `${user}@${instances.node}`, 'printf node'));
    expect(run).toMatchObject({ code: 0, out: 'node' });
    expect(pushes()).toHaveLength(before);
  });

  it('c3: the first host key is pinned to the instance, and another one stops ssh with both fingerprints', async () => {
    expect(await ended(ssh('fresh-1', 'printf first'))).toMatchObject({ code: 0, out: 'first', err: '' });
    world.sshd.fresh.changeHostKey();
    // By another name it is the same instance.
    for (const name of ['fresh-1', `${user}@${instances.fresh}`]) {
      const changed = await ended(ssh(name, 'true'));
      expect(changed).toMatchObject({ code: 255, out: '' });
      expect(changed.err).toContain('SSH_HOST_KEY_CHANGED');
      expect(changed.err.match(/SHA256:/gu)).toHaveLength(2);
    }
    // The one on record is not for ssh to change.
    world.sshd.files.changeHostKey();
    const recorded = await ended(ssh('files-1', 'true'));
    expect(recorded.err).toContain('SSH_HOST_KEY_CHANGED');
    await world.product.sandbox.instance(instances.files, { tags: world.tags('files') });
    expect(
      await ended(ssh('-o', 'KexAlgorithms=diffie-hellman-group-exchange-sha256', 'files-1', 'true')),
    ).toMatchObject({
      code: 0,
    });
  });

  it('b5: a long scp lives through each close of the service: by other credentials when its lease is over, and by others again', async () => {
    const { product } = world;
    const { sandbox } = product;
    const { sessionId } = long;
    const resumed = () => allowedAbout(product, 'ResumeSession', sessionId).at(-1);
    try {
      await long.goOn();
      const first = await outliveLease(product, sessionId);
      await expect.poll(() => keyOf(resumed() ?? first), patience).not.toBe(keyOf(first));
      const second = resumed()!;
      // By the clock that judges it, the first lease was over.
      expect(Date.parse(second.eventTime) - Date.parse(first.eventTime)).toBeGreaterThan(120_000);
      await sandbox.resetClock();
      await sandbox.event({ kill: { side: 'client', sessionId, how: 'bye' } });
      await expect.poll(() => keyOf(resumed()), patience).not.toBe(keyOf(second));
      expect(keyOf(resumed())).not.toBe(keyOf(first));
      const { arrived, ...scp } = await long.end();
      expect(scp).toEqual({ code: 0, err: '' });
      expect(sha256(arrived)).toBe(sha256(long.sent));
    } finally {
      await sandbox.faults({});
      await sandbox.resetClock();
    }
    expect(allowedAbout(product, 'StartSession', sessionId)).toHaveLength(1);
  });

  it('sessions end at AWS with ssh, and the sockets of keys with them', async () => {
    await expect.poll(proxies, patience).toEqual([]);
    const started = trail('StartSession').flatMap(
      ({ responseElements }) => responseElements?.['sessionId'] ?? [],
    );
    expect(started.length).toBeGreaterThan(1);
    await expect
      .poll(() => {
        const over = new Set(
          trail('TerminateSession').map(({ requestParameters }) => requestParameters?.['sessionId']),
        );
        return started.filter((session) => !over.has(session));
      }, patience)
      .toEqual([]);
    expect(sockets()).toEqual([]);
  });

  /** Access keys of leases; with them their secrets would stand there. */
  function leaseSecrets(): string[] {
    return trail('StartSession').flatMap((record) => keyOf(record) ?? []);
  }

  function filesBelow(folder: string): string[] {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  }
});
