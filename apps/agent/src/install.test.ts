import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const renderer = (await import(join(import.meta.dirname, '../install/render.mjs'))) as {
  userData(values: Record<string, string>): string;
};

/** A machine whose /etc, /opt and /var/lib are this test's own. */
const asOwnMachine = `
set -e
mount --make-rprivate /
cp -a /etc "$WORK/etc"; mount --bind "$WORK/etc" /etc
for folder in /opt /var/lib; do mount -t tmpfs tmpfs $folder; done
umask 022
`;
const mayMount = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-install-'));
  mkdirSync(join(folder, 'bin'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Puts a program of the machine in place of the real one. */
function stub(name: string, lines: string): void {
  writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${lines}\n`);
  chmodSync(join(folder, 'bin', name), 0o755);
}

/** Runs the script as root on such a machine, `before` and `after` beside it; resolves with what was printed. */
function installed(values: Record<string, string>, before: string, after: string): string {
  const program = '#!/bin/sh\nexit 0\n';
  writeFileSync(join(folder, 'program'), program);
  stub('systemctl', `echo "systemctl $*" >>"$WORK/told"`);
  stub(
    'curl',
    `for last; do :; done
case "$*" in
  *api/token*) echo metadata-session ;;
  *placement/region*) printf eu-west-1 ;;
  *instance-id*) printf i-0123456789abcdef0 ;;
  *) while [ "$1" != -o ]; do shift; done; cp "$WORK/program" "$2" ;;
esac`,
  );
  const script = renderer.userData({
    ControlPlane: 'https://sallyport.example',
    AgentFrom: 'https://releases.example/agent',
    AgentFile: 'sallyport-agent.cjs',
    AgentSha256: createHash('sha256').update(program).digest('hex'),
    AgentVersion: '0.1.0',
    ...values,
  });
  writeFileSync(join(folder, 'user-data'), script);
  const inside = `${asOwnMachine}${before}\nbash "$WORK/user-data"\n${after}\n`;
  const env = { PATH: `${join(folder, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin`, WORK: folder };
  const ran = spawnSync('unshare', ['-m', 'bash', '-c', inside], { env, encoding: 'utf8', timeout: 60_000 });
  expect(ran.status, ran.stderr).toBe(0);
  return ran.stdout;
}

describe.skipIf(!mayMount)('the installation', () => {
  it('puts program, settings, units and the join token in place, for the agent’s user alone', () => {
    const told = installed(
      { JoinToken: 'once.only-1' },
      '',
      `cat /etc/sallyport-agent/agent.json
       readlink /opt/sallyport-agent/current
       stat -c '%U %a %F' /var/lib/sallyport-agent/join-token
       cat /var/lib/sallyport-agent/join-token
       ls /etc/systemd/system | grep sallyport
       cat "$WORK/told"`,
    );
    const [settings = '', rest = ''] = told.split(/(?<=^\}\n)/m);
    expect(JSON.parse(settings)).toEqual({
      controlPlane: 'https://sallyport.example',
      instanceId: 'i-0123456789abcdef0',
      joinTokenFile: '/var/lib/sallyport-agent/join-token',
    });
    expect(rest.trim().split('\n')).toEqual([
      'releases/0.1.0',
      'sallyport-agent 600 regular file',
      'once.only-1',
      'sallyport-agent-update.service',
      'sallyport-agent-update.timer',
      'sallyport-agent.service',
      'systemctl daemon-reload',
      'systemctl enable --quiet sallyport-agent.service',
      'systemctl restart sallyport-agent.service',
      'systemctl is-active --quiet sallyport-agent.service',
    ]);
  });

  it('takes the join token from a parameter once, where user data name one, and removes it there', () => {
    stub('aws', `echo "aws $*" >>"$WORK/told"; case "$*" in *get-parameter*) echo once.only-2 ;; esac`);
    const told = installed(
      { JoinParameter: '/sallyport/agents/bastion/join-token' },
      '',
      `cat /etc/sallyport-agent/join.env
       : >"$WORK/told"
       /opt/sallyport-agent/join.sh /sallyport/agents/bastion/join-token
       stat -c '%U %a' /var/lib/sallyport-agent/join-token
       cat /var/lib/sallyport-agent/join-token
       touch /var/lib/sallyport-agent/enrolment.json
       /opt/sallyport-agent/join.sh /sallyport/agents/bastion/join-token
       cat "$WORK/told"`,
    );
    const name = '--name /sallyport/agents/bastion/join-token';
    expect(told.trim().split('\n')).toEqual([
      'the agent waits for its join token in /sallyport/agents/bastion/join-token',
      'JOIN_PARAMETER=/sallyport/agents/bastion/join-token',
      'sallyport-agent 600',
      'once.only-2',
      `aws ssm get-parameter ${name} --with-decryption --query Parameter.Value --output text`,
      `aws ssm delete-parameter ${name}`,
      'systemctl restart sallyport-agent.service',
    ]);
  });

  it('makes the device for whole packets a unit of its own before the agent, where that is asked for', () => {
    const told = installed(
      { L3: 'yes' },
      '',
      `cat /etc/sallyport-agent/agent.json
       stat -c '%U %a' /opt/sallyport-agent/l3.sh
       ls /etc/systemd/system/sallyport-agent.service.d
       cat "$WORK/told"`,
    );
    const [settings = '', rest = ''] = told.split(/(?<=^\}\n)/m);
    expect(JSON.parse(settings)).toMatchObject({
      l3: { device: 'sallyport0', addresses: ['100.127.255.2', 'fd73:616c:6c79::2'] },
    });
    expect(rest.trim().split('\n').slice(0, 5)).toEqual([
      'root 755',
      'l3.conf',
      'systemctl daemon-reload',
      'systemctl enable --quiet --now sallyport-agent-l3.service',
      'systemctl enable --quiet sallyport-agent.service',
    ]);
  });

  it('writes through no link that the agent’s user puts where the join token goes, however quick it is', () => {
    stub(
      'install',
      `/usr/bin/install "$@"
for last; do :; done
case "$last" in */join-token) ln -sf /opt/precious "$last" ;; esac`,
    );
    const told = installed(
      { JoinToken: 'once.only-1' },
      `useradd --system --user-group --no-create-home sallyport-agent
       install -d -m 0700 -o sallyport-agent -g sallyport-agent /var/lib/sallyport-agent
       echo 'of root' >/opt/precious
       runuser -u sallyport-agent -- ln -s /opt/precious /var/lib/sallyport-agent/join-token`,
      `cat /opt/precious; stat -c %F /var/lib/sallyport-agent/join-token`,
    );
    expect(told).toBe('of root\nregular file\n');
  });
});
