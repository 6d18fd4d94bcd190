import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { SSMClient, StartSessionCommand } from '@aws-sdk/client-ssm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { find } from '../tools/test/programs.ts';
import { keyOf, outliveLease } from './harness/outlive-lease.ts';
import { instances, PluginWorld } from './harness/plugin-world.ts';
import { psql } from './harness/psql.ts';
import { Terminal } from './harness/terminal.ts';
import type { Run } from './harness/tunnel.ts';

/** The unmodified AWS CLI through our session-manager-plugin, for every kind of session document. */
const missing = (['aws', 'ssh', 'sshd', 'psql', 'script'] as const).filter(
  (name) => find(name) === undefined,
);
const patience = { timeout: 60_000, interval: 50 };
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
/** A random port of this machine, as with the official program. */
const anyPort = { localPortNumber: ['0'] };

describe.skipIf(missing.length > 0 && process.env.CI !== 'true')(
  `the drop-in under the AWS CLI (needs aws, ssh, sshd, psql and script${missing.length > 0 ? `; missing: ${missing.join(', ')}` : ''})`,
  { timeout: 120_000 },
  () => {
    let world: PluginWorld;
    const running: Run[] = [];
    /** Sessions of which nothing is ever heard; they take their time while the other tests run. */
    let stuck: readonly Run[];

    beforeAll(async () => {
      world = await PluginWorld.start();
      const words = { portNumber: ['22'], ...anyPort };
      stuck = (['hung', 'dark'] as const).map((target) => {
        const [program = '', ...args] = world.startSession(target, 'AWS-StartPortForwardingSession', words);
        return world.elsewhere.run(program, args);
      });
    }, 120_000);
    afterEach(async () => {
      for (const run of running.splice(0)) {
        run.child.kill('SIGKILL');
        await run.code;
      }
      await vi.waitFor(() => expect(world.plugins()).toEqual([]), patience);
    });
    afterAll(async () => {
      await world?.stop();
    });

    function aws(words: readonly string[], input?: string): Run {
      const [program = '', ...args] = words;
      const run = world.laptop.run(program, args, input);
      running.push(run);
      return run;
    }
    const ended = async (run: Run) => ({ code: await run.code, out: run.stdout, err: run.stderr });
    /** A forwarded port that is ready: its number, and the session. */
    async function forwarded(words: readonly string[]) {
      const run = aws(words);
      await run.until('Waiting for connections...');
      const [, port, session = ''] = /Port (\d+) opened for sessionId (\S+)\.\n/.exec(run.stdout) ?? [];
      return { run, port: Number(port), session };
    }
    const terminated = (session: string) =>
      world.product
        .cloudTrail()
        .some(
          ({ eventName, requestParameters }) =>
            eventName === 'TerminateSession' && requestParameters?.['sessionId'] === session,
        );
    /** As AWS does every hour; not to the sessions of which nothing is heard. */
    const closed = (target: keyof typeof instances) =>
      world.product.sandbox.event({ kill: { side: 'client', instanceId: instances[target], how: 'bye' } });
    /** What a server says first. */
    function greeting(port: number): Promise<string> {
      const socket = connect(port, '127.0.0.1');
      socket.once('data', () => socket.end());
      return text(socket);
    }
    const page = async (port: number) => (await fetch(`http://127.0.0.1:${port}/`)).text();
    /** Options of ssh that go through the AWS CLI, as people write them. */
    const through = (...words: string[]) => [
      ...['-o', `ProxyCommand=${words.map((word) => `'${word}'`).join(' ')}`, '-i', world.ownKey],
      ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR'],
      ...['-F', 'none', '-o', 'IdentitiesOnly=yes'],
    ];
    const sshSession = () => world.startSession('files', 'AWS-StartSSHSession', { portNumber: ['22'] });

    it('tells its version, greets, and is the one that the AWS CLI of this system starts', async () => {
      const [program = ''] = world.startSession('files', undefined);
      const { out: version } = await ended(aws([program, '--version']));
      // Where Debian has one, that one.
      expect(version).toMatch(existsSync('/usr/bin/aws') ? /^aws-cli\/2\..*debian/ : /^aws-cli\//);
      const status = await ended(world.laptop.tunnel(['plugin', 'status', '--json']));
      expect(JSON.parse(status.out)).toMatchObject({ state: 'installed' });
      expect(await ended(aws(['session-manager-plugin', '--version']))).toEqual({
        code: 0,
        out: '1.2.764.0\n',
        err: '',
      });
      expect((await ended(aws(['session-manager-plugin']))).out).toContain('was installed successfully.');
    });

    it('runs a command: its output, its errors and its status, which is not lost', async () => {
      const words = ['sh', '-c', '"echo out; echo trouble >&2; exit 7"'].join(' ');
      const run = aws(
        world.startSession('shell', 'AWS-StartNonInteractiveCommand', { command: [words] }),
        '',
      );
      const { code, out, err } = await ended(run);
      const session = /SessionId: (\S+)/.exec(out)?.[1];
      expect(out).toContain('out\n');
      expect(out).toContain('trouble\n');
      expect(out.startsWith(`\nStarting session with SessionId: ${session}\n`)).toBe(true);
      expect(out.endsWith(`EXIT_CODE: 7\n\nExiting session with sessionId: ${session}.\n\n`)).toBe(true);
      expect(code).not.toBe(0);
      expect(err).toContain('7');
    });

    it('runs an interactive command that waits to be typed to', async () => {
      const command = `sh -c 'stty -echo; read line; echo "got $line"; read line; echo "and $line"'`;
      const run = aws(
        world.startSession('shell', 'AWS-StartInteractiveCommand', { command: [command] }),
        'hello\nthe last one',
      );
      const { code, out } = await ended(run);
      expect(out).toMatch(/got hello\r\nand the last one\r\n/);
      expect(code).toBe(0);
    });

    it('opens a shell in a terminal: size, resize, Ctrl-C, exit, and the terminal as it was', async () => {
      const terminal = new Terminal(world.laptop, [], world.startSession('shell', undefined));
      running.push(terminal.run);
      await terminal.shows(/\$ \n?$/);
      terminal.type('stty size\r');
      await terminal.shows(/\n30 100\r\n/);
      terminal.resize(80, 24);
      terminal.type('until [ "$(stty size)" = "24 80" ]; do sleep 0.1; done; stty size\r');
      await terminal.shows(/24 80\r\n/);
      // It says itself that it runs: before that, Ctrl-C could miss it.
      terminal.type("sh -c 'echo runs-$((40+2)); exec sleep 1000'\r");
      await terminal.shows(/runs-42\r\n/);
      terminal.type('\u0003');
      await terminal.shows(/\^C/);
      terminal.type('echo still here\r');
      await terminal.shows(/(?:\n|\$ )still here\r\n/);
      terminal.type('exit\r');
      expect(await terminal.ended()).toBe(0);
      expect(terminal.screen).toMatch(/Exiting session with sessionId: \S+\./);
      expect(terminal.screen.slice(terminal.screen.lastIndexOf('ended 0'))).toMatch(/ icanon [^]* echo /);
    });

    it('shows all that a shell says to what was piped into it', async () => {
      const { code, out } = await ended(
        aws(world.startSession('shell', undefined), 'seq 1 3000 | tail -1; exit\n'),
      );
      expect(code).toBe(0);
      expect(out).toMatch(/\n3000\r?\n/);
    });

    it('forwards a port to a remote host: psql, the hourly close, and Ctrl-C that ends the session', async () => {
      const words = { host: ['prod-db.internal'], portNumber: ['5432'], ...anyPort };
      const { run, port, session } = await forwarded(
        world.startSession('bastion', 'AWS-StartPortForwardingSessionToRemoteHost', words),
      );
      expect(await psql(port, 'shop', ['select 6 * 7']).ended).toMatchObject({
        code: 0,
        sha256: sha256(Buffer.from('42\n')),
      });
      await closed('bastion');
      await vi.waitFor(() => expect(calls('ResumeSession', session)).toBe(1), patience);
      expect(await psql(port, 'shop', ['select 6 * 7']).ended).toMatchObject({ code: 0 });
      expect(run.stdout).toContain(`\nConnection accepted for session [${session}]\n`);
      for (const pid of world.plugins()) process.kill(pid, 'SIGINT');
      expect(await ended(run)).toMatchObject({
        code: 0,
        out: expect.stringContaining(
          `Terminate signal received, exiting.\n\n\nExiting session with sessionId: ${session}.\n\n`,
        ) as unknown,
      });
      expect(terminated(session)).toBe(true);
    });

    function calls(eventName: string, session: string): number {
      return world.product
        .cloudTrail()
        .filter(
          (call) =>
            call.eventName === eventName &&
            call.requestParameters?.['sessionId'] === session &&
            !call.errorCode,
        ).length;
    }

    it('forwards a port of the instance, and ends with the AWS CLI that was killed', async () => {
      const { run, port, session } = await forwarded(
        world.startSession('files', 'AWS-StartPortForwardingSession', { portNumber: ['22'], ...anyPort }),
      );
      expect(await greeting(port)).toMatch(/^SSH-2\.0-OpenSSH/);
      // The AWS CLI of Debian knows the older form alone: the session stands among the arguments.
      const [pid = 0] = world.plugins();
      if (existsSync('/usr/bin/aws'))
        expect(readFileSync(`/proc/${pid}/cmdline`, 'latin1')).toContain('"TokenValue"');
      run.child.kill('SIGTERM');
      await run.code;
      await vi.waitFor(() => expect(world.plugins()).toEqual([]), patience);
      expect(terminated(session)).toBe(true);
    });

    it('carries ssh and scp: every byte over the hourly close, and the exit status of the command', async () => {
      const { user, home } = world.sshd;
      const ssh = aws([
        'ssh',
        ...through(...sshSession()),
        `${user}@${instances.files}`,
        'printf done; exit 7',
      ]);
      expect(await ended(ssh)).toMatchObject({ code: 7, out: 'done' });
      const sent = randomBytes(3_000_000);
      const file = join(world.laptop.home, 'sent.bin');
      writeFileSync(file, sent);
      const resumed = () =>
        world.product.cloudTrail().filter(({ eventName }) => eventName === 'ResumeSession').length;
      const before = resumed();
      const scp = aws([
        'scp',
        '-q',
        '-l',
        '16000',
        ...through(...sshSession()),
        file,
        `${user}@${instances.files}:sent`,
      ]);
      await vi.waitFor(() => expect(readFileSync(join(home, 'sent')).length).toBeGreaterThan(0), patience);
      await closed('files');
      expect(await ended(scp)).toMatchObject({ code: 0 });
      expect(sha256(readFileSync(join(home, 'sent')))).toBe(sha256(sent));
      expect(resumed()).toBeGreaterThan(before);
    });

    it('b3 a session that is denied ends ssh in time, with our words on standard error and no process left', async () => {
      const words = ['AWS-StartSSHSession', { portNumber: ['22'] }, 'beginner'] as const;
      const denied = world.startSession('files', ...words);
      const { code, err } = await ended(aws(['ssh', ...through(...denied), 'somebody@files', 'true']));
      expect(code).toBe(255);
      expect(err).toMatch(/^session-manager-plugin: .*\(SSM_SESSION_REFUSED\)/m);
      expect(world.plugins()).toEqual([]);
      // It was started, and is ended at AWS although nobody could use it.
      const session = started('beginner');
      expect(session).toMatch(/^beginner-/);
      await vi.waitFor(() => expect(terminated(session)).toBe(true), patience);
    });

    /** The session that this principal started last. */
    function started(who: string): string {
      const { responseElements } =
        world.product
          .cloudTrail()
          .findLast(
            ({ eventName, userIdentity, errorCode }) =>
              eventName === 'StartSession' &&
              errorCode === undefined &&
              userIdentity.arn?.endsWith(`/${who}`) === true,
          ) ?? {};
      return String(responseElements?.['sessionId']);
    }

    it.each(['arguments', 'environment'] as const)(
      'goes on with a session that is handed over in its %s, whoever started it: a port and a shell',
      async (form) => {
        const operator = world.product.principals().principals.find(({ name }) => name === 'operator')!;
        const ssm = new SSMClient({
          ...{ region: 'eu-west-1', endpoint: world.awsEndpoint, credentials: operator },
        });
        const plugin = async (target: 'files' | 'shell', document: object, input?: string) => {
          const request = { Target: instances[target], ...document };
          const { SessionId, TokenValue, StreamUrl } = await ssm.send(new StartSessionCommand(request));
          const response = JSON.stringify({ SessionId, TokenValue, StreamUrl });
          const variable = `AWS_SSM_START_SESSION_RESPONSE_${SessionId}`.replace(/[^A-Z0-9_]/gi, '_');
          const [before, first] =
            form === 'arguments' ? [[], response] : [['env', `${variable}=${response}`], variable];
          const rest = ['eu-west-1', 'StartSession', 'operator', JSON.stringify(request), world.awsEndpoint];
          return { run: aws([...before, 'session-manager-plugin', first, ...rest], input), SessionId };
        };
        const DocumentName = 'AWS-StartPortForwardingSession';
        const [port, shell] = await Promise.all([
          plugin('files', { DocumentName, Parameters: { portNumber: ['22'], ...anyPort } }),
          plugin('shell', {}, `echo "by the ${form}"`),
        ]);
        expect(await ended(shell.run)).toMatchObject({
          code: 0,
          out: expect.stringContaining(`by the ${form}\r\n`) as unknown,
        });
        await port.run.until('Waiting for connections...');
        const number = Number(/Port (\d+)/.exec(port.run.stdout)?.[1]);
        expect(await greeting(number)).toMatch(/^SSH-2\.0-OpenSSH/);
        port.run.child.kill('SIGINT');
        expect(await port.run.code).toBe(0);
        expect(terminated(port.SessionId ?? '')).toBe(true);
        ssm.destroy();
      },
    );

    it('a channel that is denied ends with a status and a reason, and what it was given is not repeated', async () => {
      const token = `token-${randomBytes(8).toString('hex')}`;
      const { awsEndpoint } = world.product.installation;
      const response = {
        SessionId: 'operator-0123456789abcdef0',
        TokenValue: token,
        StreamUrl: `${awsEndpoint.replace('http', 'ws')}/v1/data-channel/operator-0123456789abcdef0?role=publish_subscribe`,
      };
      const request = JSON.stringify({ Target: instances.shell });
      const plugin = (said: object) =>
        aws([
          'session-manager-plugin',
          JSON.stringify(said),
          'eu-west-1',
          'StartSession',
          'operator',
          request,
          awsEndpoint,
        ]);
      const denied = await ended(plugin(response));
      expect(denied.code).toBeGreaterThan(0);
      expect(denied.out).toContain('\nCannot perform start session: ');
      expect(denied.err).toMatch(/\([A-Z_]+\)/);
      const elsewhere = await ended(
        plugin({ ...response, StreamUrl: 'wss://example.com/v1/data-channel/x' }),
      );
      expect(elsewhere.err).toContain('STREAM_URL_FOREIGN');
      for (const { out, err } of [denied, elsewhere]) expect(out + err).not.toContain(token);
    });

    it('jit: a granted port, shell, command and host, by credentials of tunnel creds', async () => {
      const granted = (grant: keyof PluginWorld['grants'], target: keyof typeof instances, purpose: string) =>
        documentOf(grant, purpose).then(
          (document) => (parameters: object, profile: string) =>
            world.startSession(target, document, parameters, profile),
        );
      const [port, shell, command, ssh] = await Promise.all([
        granted('prod-web', 'bastion', 'port'),
        granted('web-1-shell', 'shell', 'shell'),
        granted('web-1-shell', 'shell', 'command'),
        granted('files-1', 'files', 'ssh'),
      ]);
      const opened = await forwarded(port({}, 'prod-web'));
      expect(await page(opened.port)).toContain('<html');
      const [typed, ran, signedIn] = await Promise.all([
        ended(aws(shell({}, 'web-1-shell'), 'echo "as $USER"')),
        ended(aws(command({ command: ['sh -c "id -un; exit 3"'] }, 'web-1-shell-command'), '')),
        ended(
          aws(['ssh', ...through(...ssh({}, 'files-1')), `${world.sshd.user}@${instances.files}`, 'id -un']),
        ),
      ]);
      expect(typed).toMatchObject({ code: 0, out: expect.stringMatching(/\bas web-ops\r\n/) as unknown });
      // Encrypted under the key of the document, which only its agent names.
      expect(typed.out).toContain('This session is encrypted using AWS KMS.');
      expect(ran.out).toMatch(/web-ops\n[^]*EXIT_CODE: 3\n/);
      expect(ran.code).not.toBe(0);
      expect(signedIn).toMatchObject({ code: 0, out: `${world.sshd.user}\n` });
      for (const pid of world.plugins()) process.kill(pid, 'SIGINT');
      expect(await opened.run.code).toBe(0);
    });

    it('jit: b5 a port of the instance itself outlives its lease and the close, by other credentials of tunnel creds', async () => {
      const document = await documentOf('files-port', 'port');
      const { run, port, session } = await forwarded(world.startSession('files', document, {}, 'files-port'));
      expect(await greeting(port)).toMatch(/^SSH-2\.0-OpenSSH/);
      const before = keyOf(await outliveLease(world.product, session, 15));
      await vi.waitFor(() => expect(world.keyOf('ResumeSession', session)).toBeDefined(), patience);
      expect(world.keyOf('ResumeSession', session)).not.toBe(before);
      expect(await greeting(port)).toMatch(/^SSH-2\.0-OpenSSH/);
      await world.product.sandbox.resetClock();
      for (const pid of world.plugins()) process.kill(pid, 'SIGINT');
      expect(await run.code).toBe(0);
    });

    it('never hangs: an agent that says nothing, and a gateway that does not answer', async () => {
      const [hung, dark] = await Promise.all(stuck.map(ended));
      for (const run of [hung, dark]) expect(run!.code).toBeGreaterThan(0);
      // The agent's patience with us (15 s) may be over before ours with it (20 s), and on a slow machine before we are there at all.
      const late = 'SESSION_FAILED|CHANNEL_REFUSED';
      for (const [run, code] of [
        [hung, 'CHANNEL_HANDSHAKE_FAILED'],
        [dark, 'SSM_UNREACHABLE'],
      ] as const)
        expect(run!.err).toMatch(new RegExp(`^session-manager-plugin: .*\\((?:${code}|${late})\\)`, 'm'));
      expect(dark!.out).toContain('\nCannot perform start session: ');
    });

    /** The document of a lease, which is what `--document-name` is given. */
    async function documentOf(grant: keyof PluginWorld['grants'], purpose: string): Promise<string> {
      const { body } = await world.product
        .as('engineer')
        .post(`/grants/${world.grants[grant]}/leases`, { purpose });
      return (body as { documentName: string }).documentName;
    }
  },
);
