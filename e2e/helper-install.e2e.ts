import { execFile } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { repository } from '../tools/start/installation.ts';
import { InstalledCommand, LaptopOfItsOwn } from './harness/laptop-of-its-own.ts';
import { mayMakeNamespaces, Namespaces, type Namespace, type Ran } from './harness/namespaces.ts';
import { grantOf } from './harness/person.ts';
import { Product } from './harness/product.ts';
import { Run } from './harness/tunnel.ts';

interface SigningKeys {
  readonly fingerprints: readonly string[];
  readonly serial: number;
}

/**
 * `tunnel helper install` as a person types it: the packed command as root, at the places where it really installs. The machine is a namespace whose /etc, /usr/local and /run are its
 * own, so nothing of the machine that runs the tests is touched.
 */
describe.skipIf(!mayMakeNamespaces)('the helper of a machine (needs root and /dev/net/tun)', () => {
  let namespaces: Namespaces;
  let at: Namespace;
  let product: Product;
  let command: InstalledCommand;
  let laptop: LaptopOfItsOwn;
  let home: string;
  let before: string;
  let helper: Run | undefined;
  const tunnels: Run[] = [];

  beforeAll(async () => {
    namespaces = await Namespaces.make();
    [product, at] = await Promise.all([Product.start(), namespaces.add()]);
    await at.ownFolders('/usr/local', '/run');
    command = new InstalledCommand();
    home = join(at.etc, '../root');
    mkdirSync(home);
    laptop = await LaptopOfItsOwn.signedIn(product, command, at);
    await grantOf(product.as('engineer'), product.as('approver'), 'prod-rds', 3600);
    before = await files();
  });
  afterEach(async () => {
    for (const run of tunnels.splice(0)) {
      run.child.kill('SIGINT');
      await run.code;
    }
  });
  afterAll(async () => {
    helper?.child.kill('SIGKILL');
    await laptop?.remove();
    await namespaces?.destroy();
    command?.remove();
    await product?.remove();
  });

  /** Every file of the places that an installation writes to, with owner, mode and size. */
  function files(): Promise<string> {
    return at.ask('find', ['/etc', '/usr/local', '/run', '-printf', '%p %U %m %s %l\n']).then(sorted);
  }

  const rootEnvironment = () => ({
    ...{ PATH: process.env['PATH'] ?? '', HOME: home, LANG: 'C.UTF-8' },
    TUNNEL_SERVER: product.apiUrl,
  });

  /** `sudo tunnel ...`, without a terminal. */
  function asRoot(...words: string[]): Promise<Ran> {
    const [node, program] = command.words;
    return at.run(node, [program, ...words], { env: rootEnvironment() });
  }

  /** The same at a terminal, where a person answers. */
  function asRootAtTerminal(answer: string, ...words: string[]): Promise<Ran> {
    const line = [...command.words, ...words].map((word) => `'${word}'`).join(' ');
    const child = at.spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
      ...{ env: rootEnvironment(), stdio: 'pipe' },
    });
    const run = new Run(child as ConstructorParameters<typeof Run>[0]);
    void run.until('Type yes to go on').then(() => child.stdin?.write(`${answer}\r`));
    return run.code.then((status) => ({ status, stdout: run.stdout, stderr: run.stderr }));
  }

  /** Starts what the installer said, and waits until it serves. */
  async function startByHand(said: string): Promise<void> {
    const line = /start it by hand, as root: (.+)/u.exec(said)?.[1]?.trim() ?? '';
    expect(line).toMatch(/^\/usr\/local\/libexec\/sallyport\/node /u);
    const child = at.spawn('sh', ['-c', `exec ${line}`], { stdio: 'pipe' });
    helper = new Run(child as ConstructorParameters<typeof Run>[0]);
    await helper.until('ready');
  }

  async function stopHelper(): Promise<void> {
    helper?.child.kill('SIGTERM');
    expect(await helper?.code).toBe(0);
    helper = undefined;
  }

  /** Opens the database by a device and asks its server, by its own name, whether it speaks TLS. */
  async function connects(): Promise<void> {
    const run = laptop.tunnel(['connect', 'prod-rds', '--via', 'tun', '--json']);
    tunnels.push(run);
    await run.until(/"event":"open"/u);
    const ask = `const s = require('node:net').connect(5432, 'prod-rds'); s.on('error', (e) => { console.log(e.code); process.exit(1); });
      s.end(Buffer.from('0000000804d2162f', 'hex')).on('data', (d) => { console.log(String(d)); process.exit(); });`;
    const asked = await laptop.run(command.node, ['-e', ask]);
    expect(asked.stdout, asked.stderr).toMatch(/^[SN]\n$/u);
    expect(await at.ask('ip', ['-o', 'link'])).toContain('sally0');
    tunnels.pop();
    run.child.kill('SIGINT');
    await run.code;
  }

  const keys = async () => (await product.as('engineer').get('/signing-keys')).body as SigningKeys;

  it('is refused to whoever is not root, with the line to type', async () => {
    const run = laptop.tunnel(['helper', 'install']);
    expect(await run.code).toBe(11);
    expect(run.stderr).toContain('HELPER_NEEDS_ROOT');
    expect(run.stderr).toContain(
      `sudo TUNNEL_SERVER=${product.apiUrl} ${command.words.join(' ')} helper install`,
    );
  });

  it('is not installed while nobody confirmed the fingerprint', async () => {
    const asked = await asRoot('helper', 'install');
    expect(asked.stderr).toContain('HELPER_KEYS_NOT_CONFIRMED');
    const wrong = await asRoot('helper', 'install', '--trust', 'SHA256:other');
    expect(wrong.stderr).toContain('HELPER_KEYS_NOT_CONFIRMED');
    const no = await asRootAtTerminal('no', 'helper', 'install');
    expect(no.stdout).toContain('HELPER_KEYS_NOT_CONFIRMED');
    expect(await files()).toBe(before);
  });

  it('is installed after a yes at the terminal, says what starts it where no systemd runs, and serves an ordinary user', async () => {
    // The older one of the two that are installed here.
    appendFileSync(join(command.folder, 'dist/helper.mjs'), '\n// older\n');
    const installed = await asRootAtTerminal('yes', 'helper', 'install');
    expect(installed, installed.stdout).toMatchObject({ status: 0 });
    const { fingerprints } = await keys();
    expect(installed.stdout).toContain(fingerprints[0]);
    expect(installed.stdout).toContain('no service runs it here');
    expect(await at.ask('stat', ['-c', '%u %a', '/usr/local/libexec/sallyport/helper.mjs'])).toBe('0 644\n');
    await startByHand(installed.stdout);

    const status = laptop.tunnel(['helper', 'status', '--json']);
    expect(await status.code, status.stderr).toBe(0);
    expect(JSON.parse(status.stdout)).toMatchObject({ state: 'running', issuers: [{ fingerprints }] });
    await connects();
  });

  it('serves a user whom this machine has no entry of', async () => {
    const [node, program] = command.words;
    for (const home of [`HOME=${laptop.home}`, 'LANG=C']) {
      const words = ['-i', home, node, program, 'helper', 'status', '--json'];
      const status = await at.run('env', words, { uid: 54_321 });
      expect(status, status.stderr).toMatchObject({ status: 0 });
      expect(JSON.parse(status.stdout)).toMatchObject({ state: 'running' });
    }
  });

  it('follows a rotation of the signing keys: what the new key signed is obeyed, with the helper that was there before', async () => {
    const [old] = (await keys()).fingerprints;
    const rotate = ['apps/api/dist/signer-main.js', 'rotate', '--keys', join(product.dataDir, 'signer')];
    await promisify(execFile)(process.execPath, [...rotate, '--overlap', '0'], { cwd: repository });
    process.kill(product.installation.pid('signer') ?? 0, 'SIGHUP');
    await vi.waitFor(async () => expect(await keys()).toMatchObject({ serial: 2 }), 30_000);
    const { fingerprints } = await keys();
    expect(fingerprints).toEqual([expect.not.stringContaining(old ?? '?'), old]);
    await connects();
    const status = laptop.tunnel(['helper', 'status', '--json']);
    await status.code;
    const { issuers } = JSON.parse(status.stdout) as { issuers: { fingerprints: string[] }[] };
    expect(issuers[0]?.fingerprints.sort()).toEqual([...fingerprints].sort());
    expect(await at.ask('stat', ['-c', '%u %a', '/etc/sallyport/trust.json'])).toBe('0 644\n');
  });

  it('is replaced by a newer one', async () => {
    const sum = async () =>
      (await at.ask('sha256sum', ['/usr/local/libexec/sallyport/helper.mjs'])).split(' ')[0];
    const older = await sum();
    const bundle = join(command.folder, 'dist/helper.mjs');
    writeFileSync(bundle, readFileSync(bundle, 'utf8').replace('\n// older\n', '\n'));
    const trust = (await keys()).fingerprints.flatMap((fingerprint) => ['--trust', fingerprint]);
    const installed = await asRoot('helper', 'install', ...trust, '--json');
    expect(installed, installed.stderr).toMatchObject({ status: 0 });
    const { sha256, command: line } = JSON.parse(installed.stdout) as { sha256: string; command: string[] };
    expect(sha256).toBe(await sum());
    expect(sha256).not.toBe(older);
    await stopHelper();
    await startByHand(`start it by hand, as root: ${line.join(' ')}`);
    await connects();
  });

  it('tells of a device that was taken away under it, and leaves nothing of it', async () => {
    const rules = () => at.ask('ip', ['rule']);
    const untouched = await rules();
    const run = laptop.tunnel(['connect', 'prod-rds', '--via', 'tun', '--json']);
    tunnels.push(run);
    await run.until(/"event":"open"/u);
    await at.ip('link', 'delete', 'sally0');
    expect(await run.code, run.stderr).toBe(11);
    expect(`${run.stdout}${run.stderr}`).toMatch(/ROUTE_DEVICE_FAILED[^]*sally0/u);
    expect(await rules()).toBe(untouched);
  });

  it('is gone after uninstall, which says so when one still runs', async () => {
    const running = await asRoot('helper', 'uninstall');
    expect(running.stderr).toContain('still runs');
    await stopHelper();
    const gone = await asRoot('helper', 'uninstall', '--json');
    expect(JSON.parse(gone.stdout)).toMatchObject({ state: 'absent', removed: ['/run/sallyport'] });
    expect(await files()).toBe(before);
    const status = laptop.tunnel(['helper', 'status']);
    expect(await status.code).not.toBe(0);
    expect(status.stderr).toContain('HELPER_NOT_INSTALLED');
  });

  it('is a service where systemd runs, and what systemd refuses is told', async () => {
    await at.ask('sh', ['-c', programsAround]);
    const trust = (await keys()).fingerprints.flatMap((fingerprint) => ['--trust', fingerprint]);
    const untouched = await files();
    const installed = await asRoot('helper', 'install', ...trust);
    expect(installed, installed.stderr).toMatchObject({ status: 0 });
    expect(installed.stderr).toContain('it runs as /etc/systemd/system/sallyport-helper.service');
    const unit = await at.ask('cat', ['/etc/systemd/system/sallyport-helper.service']);
    for (const line of [
      'ExecStart=/usr/local/libexec/sallyport/node /usr/local/libexec/sallyport/helper.mjs serve --etc /etc/sallyport --run /run/sallyport',
      'RuntimeDirectory=sallyport',
      'CapabilityBoundingSet=CAP_NET_ADMIN',
      'WantedBy=multi-user.target',
    ])
      expect(unit.split('\n')).toContain(line);
    expect((await asRoot('helper', 'uninstall')).status).toBe(0);
    expect(await at.ask('cat', ['/run/systemctl.said'])).toBe(
      ['daemon-reload', 'enable', 'restart', 'disable --now']
        .map((verb) => (verb === 'daemon-reload' ? verb : `${verb} sallyport-helper.service`))
        .join('\n') + '\n',
    );
    await at.ask('sh', ['-c', 'rm /run/systemctl.said; touch /run/systemctl.refuses']);
    const refused = await asRoot('helper', 'install', ...trust);
    expect(refused.stderr).toContain('its service did not start');
    expect(refused.stderr).toContain('start it by hand, as root: /usr/local/libexec/sallyport/node');
    expect((await asRoot('helper', 'uninstall')).status).toBe(0);
    await at.ask('sh', ['-c', 'rm -f /run/systemctl.said /run/systemctl.refuses']);
    expect(await files()).toBe(untouched);
  });
});

/** A machine where systemd seems to run: a `systemctl` that writes down what it is told, among the machine's own programs. */
const programsAround = `
  mkdir -p /run/systemd/system /run/programs && mount --bind /usr/bin /run/programs && mount -t tmpfs -o mode=0755 none /usr/bin &&
  /run/programs/ln -s /run/programs/* /usr/bin/ && rm -f /usr/bin/systemctl &&
  printf '#!/run/programs/sh\\necho "$*" >> /run/systemctl.said\\n[ ! -e /run/systemctl.refuses ]\\n' > /usr/bin/systemctl && chmod 755 /usr/bin/systemctl`;

function sorted(text: string): string {
  return text.split('\n').sort().join('\n');
}
