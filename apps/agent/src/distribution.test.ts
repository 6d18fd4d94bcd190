import { execFile, execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { find } from '../../../tools/test/programs.ts';
import { agentVersion } from './version.ts';

const run = promisify(execFile);
const here = join(import.meta.dirname, '..');
const install = join(here, 'install');

interface Renderer {
  settings: Record<string, { variable: string; form: string }>;
  script(): string;
  userData(values: Record<string, string>): string;
  ssmDocument(): {
    parameters: Record<string, { allowedPattern: string }>;
    mainSteps: { inputs: { runCommand: string[] } }[];
  };
}
const renderer = (await import(join(install, 'render.mjs'))) as Renderer;

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'sallyport-release-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const settings = {
  ControlPlane: 'https://sallyport.example',
  AgentFrom: 's3://releases/agent',
  AgentFile: 'sallyport-agent-linux-x64',
  AgentSha256: '0'.repeat(64),
  AgentVersion: '0.1.0',
  JoinToken: 'abc.DEF-1',
};

describe('what installs the agent', () => {
  it('is a script that bash can read, as user data and inside the SSM document', () => {
    const document = renderer.ssmDocument();
    const scripts = [renderer.userData(settings), document.mainSteps[0]!.inputs.runCommand.join('\n')];
    for (const script of scripts) {
      const path = join(folder, 'install.sh');
      writeFileSync(path, script);
      execFileSync('bash', ['-n', path]);
      expect(script.startsWith('#!/usr/bin/env bash\n')).toBe(true);
    }
  });

  it('is committed as the document that these sources give', () => {
    expect(JSON.parse(readFileSync(join(install, 'ssm-document.json'), 'utf8'))).toEqual(
      renderer.ssmDocument(),
    );
  });

  it.each(["x'; id; '", '$(id)', 'a b', '`id`', 'a\nid', '{{ x }}', '"'])(
    'takes no setting that could end its quotes: %j',
    (value) => {
      for (const name of Object.keys(renderer.settings)) {
        expect(() => renderer.userData({ ...settings, [name]: value }), name).toThrow(name);
        expect(new RegExp(renderer.ssmDocument().parameters[name]!.allowedPattern).test(value), name).toBe(
          false,
        );
      }
    },
  );

  it.skipIf(!find('systemd-analyze'))('has units that systemd understands', async () => {
    const units = readdirSync(install).filter((name) => /\.(service|timer)$/.test(name));
    const copies = units.map((name) => {
      const copy = join(folder, name);
      // The program is not installed here.
      writeFileSync(
        copy,
        readFileSync(join(install, name), 'utf8').replaceAll(/^(ExecSt(?:art|op))=\S+/gm, '$1=/bin/true'),
      );
      return copy;
    });
    expect(units).toHaveLength(5);
    mkdirSync(join(folder, 'sallyport-agent.service.d'));
    copyFileSync(join(install, 'l3.conf'), join(folder, 'sallyport-agent.service.d/l3.conf'));
    const { stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', ...copies]);
    expect(stdout + stderr).toBe('');
  });
});

describe.skipIf(process.platform !== 'linux')('the single executable', () => {
  it('runs with an empty environment where no Node is, and says what it misses', async () => {
    const { stdout } = await run(
      process.execPath,
      [join(here, 'build.mjs'), '--executable', '--out', folder],
      { timeout: 120_000 },
    );
    const program = join(folder, 'sallyport-agent');
    expect(stdout).toContain(program);
    expect(statSync(join(folder, 'sallyport-agent.cjs')).size).toBeLessThan(1_500_000);
    const alone = { env: {}, cwd: '/', timeout: 60_000 };
    expect((await run(program, ['version'], alone)).stdout).toBe(`${agentVersion}\n`);
    const missing = run(program, ['run', '--config', join(folder, 'none.json')], alone);
    await expect(missing).rejects.toMatchObject({
      code: 11,
      stderr: expect.stringContaining('AGENT_CONFIGURATION_INVALID') as string,
    });
    const config = join(folder, 'agent.json');
    writeFileSync(
      config,
      JSON.stringify({ controlPlane: 'http://127.0.0.1:1', stateFolder: join(folder, 'state'), port: 1 }),
      { mode: 0o644 },
    );
    const checked = run(program, ['check', '--config', config], alone);
    await expect(checked).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/^fail {2}enrolment\s+not enrolled yet$/m) as string,
    });
  });
});
