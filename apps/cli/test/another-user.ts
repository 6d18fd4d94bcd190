import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Whether this process may act as another user. */
export const mayBeAnother = process.getuid?.() === 0;

/** `nobody` on Linux and the BSDs of old. */
export const anotherUid = 65_534;

/**
 * What comes back when a process of another user connects, says `text` and reads to the end. Perl, because it is on every system and readable by all;
 * a Node of the project may lie in a folder that only its owner enters.
 */
export async function asAnotherUser(
  to: { readonly path: string } | { readonly port: number },
  text: string,
  uid = anotherUid,
): Promise<{ received: string }> {
  const where =
    'path' in to
      ? ['PF_UNIX', 'sockaddr_un($ARGV[0])', to.path]
      : ['PF_INET', 'sockaddr_in($ARGV[0], inet_aton("127.0.0.1"))', String(to.port)];
  const program = `
    $SIG{PIPE} = 'IGNORE';
    socket(S, ${where[0]}, SOCK_STREAM, 0) or die;
    connect(S, ${where[1]}) or die "connect: $!";
    syswrite(S, $ARGV[1]);
    while (1) { my $n = sysread(S, my $b, 4096); die "read: $!" unless defined $n; last if $n == 0; print $b; }`;
  const child = spawn('perl', ['-MSocket', '-e', program, where[2] ?? '', text], { uid, cwd: '/' });
  let received = '';
  child.stdout.on('data', (bytes: Buffer) => (received += bytes.toString()));
  // Whether a reset shows at the write, at the read or not at all is the system's affair; what was received is what counts.
  await once(child, 'close');
  return { received };
}
