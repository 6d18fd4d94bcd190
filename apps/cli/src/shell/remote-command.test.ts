import type { Resource } from '@sallyport/api-client';
import { describe, expect, it } from 'vitest';
import { aResource } from '../../test/api-double.ts';
import { commandOf } from './remote-command.ts';

type Commands = NonNullable<Resource['shell']>['commands'];
const any: Commands = { which: 'any', listed: [] };
const listed: Commands = { which: 'listed', listed: [{ name: 'restart', run: 'systemctl restart web' }] };

function shellWith(commands: Commands): Resource {
  const shell = { runAs: 'web-ops', login: true, commands };
  return aResource({ name: 'web-1-shell', kind: 'shell', shell }) as unknown as Resource;
}

describe('what comes after --', () => {
  it.each([
    // Several words are those of one program, as they are written.
    [['df', '-h', '/'], 'df -h /'],
    [['sh', '-c', 'exit 7'], "sh -c 'exit 7'"],
    [['echo', 'two  words', "it's", '$HOME'], `echo 'two  words' 'it'\\''s' '$HOME'`],
    [['/opt/my program', '--now'], `'/opt/my program' --now`],
    // One that can only be a program is one.
    [['uptime'], 'uptime'],
    [['/usr/local/bin/report-2'], '/usr/local/bin/report-2'],
    // One with anything of a shell in it is a line for the shell of the far side, as ssh takes it.
    [['df -h /'], `sh -c 'df -h /'`],
    [['cd / && pwd; exit 7'], `sh -c 'cd / && pwd; exit 7'`],
    [['df|tail'], `sh -c 'df|tail'`],
    [["'/opt/my program'"], `sh -c ''\\''/opt/my program'\\'''`],
    [['LANG=C date'], `sh -c 'LANG=C date'`],
    [['X=1'], `sh -c X=1`],
    [['~/bin/report'], `sh -c '~/bin/report'`],
  ])('%j is run as: %s', (words, commandLine) => {
    expect(commandOf(shellWith(any), words)).toEqual({ commandLine });
  });

  it('is the name of a listed command, and no line, where commands are listed', () => {
    expect(commandOf(shellWith(listed), ['restart'])).toEqual({ command: 'restart' });
    for (const words of [['restart now'], ['restart', 'now'], ['sh']])
      expect(() => commandOf(shellWith(listed), words)).toThrow(
        expect.objectContaining({ code: 'SESSION_COMMAND_MISSING' }),
      );
  });

  it.each([[''], ['  '], ['\n']])('is not nothing: %j', (word) => {
    expect(() => commandOf(shellWith(any), [word])).toThrow(
      expect.objectContaining({ code: 'SESSION_COMMAND_MISSING' }),
    );
  });
});
