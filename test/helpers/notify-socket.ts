/**
 * A socket as systemd's, that hears what services say of themselves. Perl listens, which every
 * Debian has: Node has no datagram sockets of the unix kind.
 */
import {spawn} from 'node:child_process'
import {eventually} from './eventually.js'

const LISTEN = String.raw`
  use Socket; $| = 1;
  socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or die $!;
  bind($socket, sockaddr_un($ARGV[0])) or die $!;
  print "listening\0";
  while (defined recv($socket, my $text, 65536, 0)) { print "$text\0" }
`

export interface NotifySocket {
  readonly path: string
  /** All that was said, but the barrier by which a sender waits until it is read. */
  notices(): readonly string[]
  says(text: string): Promise<void>
  close(): void
}

export async function listenForNotices(path: string): Promise<NotifySocket> {
  const child = spawn('perl', ['-e', LISTEN, path], {stdio: ['ignore', 'pipe', 'inherit']})
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
  const all = (): readonly string[] => said.split('\0').slice(0, -1)
  await eventually(() => all().includes('listening'), {what: 'perl to listen'})
  const notices = (): readonly string[] =>
    all().filter((text) => text !== 'BARRIER=1').slice(1).map((text) => text.trim())
  return {
    path,
    notices,
    says: async (text) => {
      const isSaid = (): boolean => notices().some((notice) => notice.includes(text))
      await eventually(isSaid, {what: `${text}; was said: ${notices().join(' ')}`})
    },
    close: () => void child.kill('SIGKILL'),
  }
}
