import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Whether this process may act as another user. */
export const mayBeAnother = process.getuid?.() === 0;

/** `nobody` on Linux. */
export const anotherUid = 65_534;

/** What a process of that user receives from a local port after it said `text`. Perl, because every user may run it. */
export async function askAs(uid: number | undefined, port: number, text: string): Promise<string> {
  const program = `
    $SIG{PIPE} = 'IGNORE';
    socket(S, PF_INET, SOCK_STREAM, 0) or die;
    connect(S, sockaddr_in($ARGV[0], inet_aton('127.0.0.1'))) or die "connect: $!";
    syswrite(S, $ARGV[1]);
    while (sysread(S, my $b, 4096)) { print $b }`;
  const child = spawn('perl', ['-MSocket', '-e', program, String(port), text], { uid, cwd: '/' });
  let received = '';
  child.stdout.on('data', (bytes: Buffer) => (received += bytes.toString()));
  await once(child, 'close');
  return received;
}
