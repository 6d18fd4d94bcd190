import { execFile } from 'node:child_process';
import { chmod, lstat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import surface from '../../command-surface.snapshot.json' with { type: 'json' };
import { aGrant, ApiDouble, aRequest, aResource, token } from '../../test/api-double.ts';
import { Person } from '../../test/world-double.ts';
import { candidates, type KnownWords } from './candidates.ts';
import { completionScripts } from './scripts.ts';

const known: KnownWords = {
  resources: ['prod-rds', 'prod-web', 'staging-rds', 'bad name; rm'],
  requests: ['req_1'],
  toReview: ['req_2'],
  grants: ['grt_1'],
  tags: ['team=shop'],
};

it.each([
  [['con'], ['connect']],
  [
    ['audit', ''],
    ['search', 'tail'],
  ],
  [
    ['connect', 'prod'],
    ['prod-rds', 'prod-web'],
  ],
  [['connect', 'prod-rds', 'prod'], ['prod-web']],
  [['shell', 'prod-r'], ['prod-rds']],
  [['exec', 'prod-r'], ['prod-rds']],
  [['connect', '--po'], ['--port']],
  [['connect', '--port', ''], []],
  [['connect', 'prod-rds', '--', 'ps'], []],
  [['approve', ''], ['req_2']],
  [['ls', '--tag', 't'], ['team=shop']],
  [['completion', 'b'], ['bash']],
  [['connect', 'bad'], []],
  [['--ver'], ['--version']],
  [['nonsense', ''], []],
])('%j is completed to %j', (typed, words) => {
  expect(candidates(typed, surface, known)).toEqual(words);
});

describe('in a shell', () => {
  let api: ApiDouble;
  let person: Person;
  beforeEach(async () => {
    api = await ApiDouble.start();
    person = await Person.at(api.url);
    person.stdin = `${token}\n`;
    await person.types('login', '--token-stdin');
    api.on('GET /resources', { body: { items: [aResource(), aResource({ name: 'prod-web' })] } });
    api.on('GET /access-requests', { body: { items: [aRequest()] } });
    api.on('GET /grants', { body: { items: [aGrant()] } });
  });
  afterEach(async () => {
    await api.stop();
    await person.leave();
  });

  it('names come from the control plane once, then from a 0600 file, also when it is away', async () => {
    expect((await person.types('complete', '--', 'connect', 'prod-')).out).toBe('prod-rds\nprod-web\n');
    const before = api.asked.length;
    await api.stop();
    expect((await person.types('complete', '--', 'show', '')).out).toBe('prod-rds\nprod-web\n');
    expect(api.asked).toHaveLength(before);
    const kept = join(person.home, '.local', 'state', 'sallyport', 'completion.json');
    expect((await lstat(kept)).mode & 0o777).toBe(0o600);
    api = await ApiDouble.start();
  });

  it('says nothing and ends with 0 when nobody is signed in or the settings are wrong', async () => {
    await person.types('logout');
    expect(await person.types('complete', '--', 'connect', '')).toEqual({ code: 0, out: '', err: '' });
    person.env['TUNNEL_SERVER'] = 'nonsense';
    expect(await person.types('complete', '--', 'connect', '')).toEqual({ code: 0, out: '', err: '' });
  });

  it('bash completes through the script it is given', async () => {
    // Stands for the program: answers as `tunnel complete` would, from what it was asked.
    const program = join(person.home, 'tunnel');
    await writeFile(program, '#!/bin/sh\nshift 2\necho "$# $*"\n');
    await chmod(program, 0o755);
    const ask = `
      eval "$SCRIPT"
      COMP_WORDS=("$PROGRAM" connect prod-) COMP_CWORD=2
      complete -p tunnel
      _tunnel && printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await promisify(execFile)('bash', ['--norc', '-c', ask], {
      env: { PATH: process.env['PATH'], SCRIPT: completionScripts.bash, PROGRAM: program },
    });
    expect(stdout).toBe('complete -o default -F _tunnel tunnel\n2 connect prod-\n');
  });

  it.each(['bash', 'zsh', 'fish'])('prints the script of %s', async (shell) => {
    const { code, out } = await person.types('completion', shell);
    expect(code).toBe(0);
    expect(out).toContain('complete -- ');
  });

  it('refuses a shell it does not know, exit 2', async () => {
    expect(await person.types('completion', 'tcsh')).toMatchObject({ code: 2, out: '' });
  });
});
