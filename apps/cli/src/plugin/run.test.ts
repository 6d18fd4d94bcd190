import { pbkdf2 } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { simulatedEffects } from '@sallyport/effects/simulated';
import { afterEach, describe, expect, it } from 'vitest';
import { PluginGateway, sessionId, type AgentPlan } from '../../test/plugin-gateway.ts';
import type { StartOrder } from './order.ts';
import type { EndSignal, PluginWorld } from './plugin-world.ts';
import { runSession } from './run.ts';

const minute = 60_000;
const exiting = `\n\nExiting session with sessionId: ${sessionId}.\n\n`;
const silent = 'AWS-StartInteractiveCommand';
const port = (more: Record<string, string> = {}) => ({
  ...{ type: 'LocalPortForwarding', portNumber: '5432', localPortNumber: '0' },
  ...more,
});

/** Something is asked of the file system and not answered yet. */
const filesAtWork = () => process.getActiveResourcesInfo().some((name) => name.startsWith('FSReq'));

/** One run of the drop-in against an agent in this process, in virtual time. */
class Session {
  readonly effects = simulatedEffects();
  readonly gateway: PluginGateway;
  readonly input = new PassThrough();
  readonly temporary = mkdtempSync(join(tmpdir(), 'plugin-run-'));
  out = '';
  err = '';
  /** The exit code, once there is one. */
  code: number | undefined;
  #signal: (signal: EndSignal) => void = () => undefined;

  constructor(plan: AgentPlan) {
    this.gateway = new PluginGateway(this.effects, plan);
  }

  begin(documentName: string | undefined): this {
    const text = (take: (text: string) => void) =>
      new Writable({ write: (bytes: Buffer, _encoding, done) => (take(bytes.toString()), done()) });
    const world: PluginWorld = {
      env: { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret-canary' },
      input: this.input,
      output: text((more) => (this.out += more)),
      errors: text((more) => (this.err += more)),
      ...{ effects: this.effects, temporary: this.temporary },
      ...{ transport: this.gateway.transport, ssm: this.gateway.ssm },
      ...{ terminal: () => undefined, launcherGone: () => false, endNow: () => undefined },
      onSignal: (listener) => {
        this.#signal = listener;
        return () => undefined;
      },
    };
    const order: StartOrder = {
      ...{ response: this.gateway.started, region: 'eu-west-1', profile: '', documentName },
      ...{ target: 'i-0123456789abcdef0', endpoint: 'http://127.0.0.1:9' },
    };
    void runSession(world, order).then((code) => (this.code = code));
    return this;
  }

  signal(signal: EndSignal): void {
    this.#signal(signal);
  }

  /** Lets time pass until that is so, and tells how much it took; fails when it is not so within `withinMs`. */
  async until(so: () => boolean, withinMs: number): Promise<number> {
    const began = this.effects.clock.monotonic();
    const passed = () => this.effects.clock.monotonic() - began;
    for (let turn = 0; !so(); turn += 1) {
      if (passed() > withinMs) throw new Error(`not within ${withinMs} ms: ${this.out}${this.err}`);
      // Modules that are loaded when they are needed take real turns, and files as many as the machine pleases; neither takes virtual time.
      for (let real = 0; real < 5 || filesAtWork(); real += 1)
        await new Promise((done) => setImmediate(done));
      await this.effects.time.advanceAsync(turn < 20 ? 1 : 250);
    }
    return passed();
  }

  ended(withinMs = minute): Promise<number> {
    return this.until(() => this.code !== undefined, withinMs);
  }

  async pass(ms: number): Promise<void> {
    const until = this.effects.clock.monotonic() + ms;
    await this.until(() => this.effects.clock.monotonic() >= until, ms + 1_000);
  }
}

describe('the drop-in goes on with a session that the AWS CLI has started', () => {
  const sessions: Session[] = [];
  const begin = (plan: AgentPlan, documentName?: string, change?: (gateway: PluginGateway) => void) => {
    const session = new Session(plan);
    sessions.push(session);
    change?.(session.gateway);
    return session.begin(documentName);
  };
  afterEach(async () => {
    for (const session of sessions.splice(0)) {
      if (session.code === undefined) {
        session.signal('SIGTERM');
        await session.ended(10 * minute);
      }
      rmSync(session.temporary, { recursive: true, force: true });
    }
  });

  describe('a program', () => {
    it('may be silent for as long as it likes, where an interactive command was asked for', async () => {
      const session = begin(
        {
          runs: 'InteractiveCommands',
          begun: (agent) => {
            const { effects } = session;
            effects.timers.after(45_000, () => {
              agent.write(Buffer.from('done\r\n'));
              agent.exited(0, effects.clock.monotonic());
            });
          },
        },
        silent,
      );
      await session.ended(2 * minute);
      expect(session).toMatchObject({ code: 0, err: '' });
      expect(session.out).toBe(`\nStarting session with SessionId: ${sessionId}\ndone\r\n${exiting}`);
    });

    it('is typed to where it says nothing before, with the size that the official program tells', async () => {
      const session = begin(
        {
          runs: 'InteractiveCommands',
          typed: (text, agent) => void agent.write(Buffer.from(`got ${text}`)),
        },
        silent,
      );
      session.input.write('hello');
      await session.until(() => session.out.includes('got hello'), minute);
      expect(session.gateway.sizes.at(-1)).toBe('300x100');
    });

    it('ends with what was piped in, also where that ends within a line', async () => {
      const lines: string[] = [];
      const session = begin({
        runs: 'Standard_Stream',
        begun: (agent) => void agent.write(Buffer.from('$ ')),
        typed: (text, agent) => {
          lines.push(text);
          if (lines.join('').endsWith('\n\u0004')) agent.exited(0, session.effects.clock.monotonic());
        },
      });
      session.input.end('echo hi');
      await session.ended();
      expect([session.code, lines.join('')]).toEqual([0, 'echo hi\n\u0004']);
    });

    it.each([
      { said: 'RunAs user nobody-here does not exist', code: 'SESSION_ACCOUNT_MISSING' },
      { said: '\n----------ERROR-------\nHandshake timed out.', code: 'SESSION_FAILED' },
    ])(
      'is over before it began, with $code on standard error where ssh does not swallow it',
      async (over) => {
        const session = begin({ runs: 'Standard_Stream' }, undefined, (gateway) => (gateway.hung = true));
        await session.until(() => session.gateway.calls.includes('open'), minute);
        session.gateway.hung = false;
        session.gateway.end(over.said);
        await session.ended();
        expect(session.code).toBeGreaterThan(0);
        expect(session.out).toContain(`SessionId: ${sessionId} : ${over.said}`);
        expect(session.err).toContain(`(${over.code})`);
      },
    );

    it('tells the status of a command, and ends with it', async () => {
      const session = begin(
        {
          runs: 'NonInteractiveCommands',
          begun: (agent) => {
            agent.write(Buffer.from('out\n'));
            agent.exited(7, session.effects.clock.monotonic());
          },
        },
        'AWS-StartNonInteractiveCommand',
      );
      await session.ended();
      expect(session.code).toBe(7);
      expect(session.out.endsWith(`out\nEXIT_CODE: 7${exiting}`)).toBe(true);
    });
  });

  describe('never hangs', () => {
    const hang = (gateway: PluginGateway) => (gateway.hung = true);

    it.each(['AWS-StartPortForwardingSession', 'AWS-StartNonInteractiveCommand', undefined])(
      'ends when the agent says nothing at all (%s), and ends the session at AWS',
      async (documentName) => {
        const session = begin({ runs: port() }, documentName, hang);
        await session.ended(30_000);
        expect(session.code).toBeGreaterThan(0);
        expect(session.out).toContain('\nCannot perform start session: The agent on the instance did not');
        expect(session.err).toContain('CHANNEL_HANDSHAKE_FAILED');
        expect(session.gateway.calls).toEqual(['open', 'TerminateSession']);
      },
    );

    it('finds that nobody is there where a program may be silent: what it was sent is not acknowledged', async () => {
      const session = begin({ runs: 'InteractiveCommands' }, silent, hang);
      await session.ended(10 * minute);
      expect(session.code).toBeGreaterThan(0);
      expect(session.out.endsWith(`Session: ${sessionId} timed out.\n`)).toBe(true);
      expect(session.err).toContain('CHANNEL_LOST');
      expect(session.gateway.calls.at(-1)).toBe('TerminateSession');
    });

    it('ends when the gateway neither opens nor refuses a connection', async () => {
      const session = begin({ runs: port() }, undefined, (gateway) => (gateway.mazed = true));
      await session.ended(30_000);
      expect(session.code).toBeGreaterThan(0);
      expect(session.err).toContain('SSM_UNREACHABLE');
    });

    it('ends a session that was lost and cannot be had back within 15 minutes, as one that timed out', async () => {
      const session = begin({ runs: port() });
      await session.until(() => session.out.includes('Waiting for connections...'), minute);
      Object.assign(session.gateway, { dark: true, mazed: true });
      const took = await session.ended(20 * minute);
      expect(took).toBeGreaterThan(14 * minute);
      expect(session.code).toBeGreaterThan(0);
      expect(session.out.endsWith(`Session: ${sessionId} timed out.\n`)).toBe(true);
      expect(session.err).toContain('PLUGIN_SESSION_LOST');
    });

    it('ends at once when AWS has ended the session while the connection was away', async () => {
      const session = begin({ runs: port() });
      await session.until(() => session.out.includes('Waiting for connections...'), minute);
      session.gateway.gone = true;
      session.gateway.drop();
      await session.ended();
      expect(session.code).toBeGreaterThan(0);
      expect(session.out.endsWith(`Session: ${sessionId} timed out.\n`)).toBe(true);
    });
  });

  describe('says of a port what scripts wait for', () => {
    const said = (session: Session, what: string | RegExp) =>
      session.until(
        () => (typeof what === 'string' ? session.out.includes(what) : what.test(session.out)),
        minute,
      );

    it('a connection that the destination refuses, and Ctrl-C that ends the session', async () => {
      const session = begin({ runs: port() });
      await said(session, 'Waiting for connections...');
      const [, number] = /Port (\d+) opened for sessionId \S+\.\n/.exec(session.out) ?? [];
      const client = connect(Number(number), '127.0.0.1').on('error', () => undefined);
      await said(session, `\nConnection accepted for session [${sessionId}]\n`);
      await said(session, '\nConnection to destination port failed, check SSM Agent logs.\n');
      client.destroy();
      session.signal('SIGINT');
      await session.ended();
      expect(session.code).toBe(0);
      expect(session.out.endsWith(`Terminate signal received, exiting.\n${exiting}`)).toBe(true);
      expect(session.gateway.calls.at(-1)).toBe('TerminateSession');
    });

    it('a socket file, however long it takes to be made', async () => {
      // All threads that work on files are taken for a while.
      for (let thread = 0; thread < 8; thread += 1) pbkdf2('', '', 100_000, 32, 'sha512', () => undefined);
      const session = begin({ runs: port({ localConnectionType: 'socket' }) });
      await said(session, 'Waiting for connections...');
      const [, path = ''] = /\nUnix socket (\S+) opened for sessionId \S+\.\n/.exec(session.out) ?? [];
      expect(path.startsWith(session.temporary)).toBe(true);
      expect(existsSync(path)).toBe(true);
      session.signal('SIGTERM');
      await session.ended();
      expect(existsSync(path)).toBe(false);
    });

    it('one connection at a time, from an agent that knows no better', async () => {
      const session = begin({ runs: port(), agentVersion: '3.0.196.0', destinationTakes: true });
      await said(session, /Port \d+ opened/);
      const client = connect(Number(/Port (\d+)/.exec(session.out)?.[1]), '127.0.0.1').on(
        'error',
        () => undefined,
      );
      await said(session, `Connection accepted for session ${sessionId}.\n`);
      client.destroy();
      expect(session.out).not.toContain('Waiting for connections');
    });
  });
});
