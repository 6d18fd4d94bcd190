/**
 * A program for `perl -e` that sends one packet of an IP protocol and prints how long what came back is, or what the network said. Arguments: address, protocol, bytes, seconds
 * of patience, and 1 for a packet that must not be cut.
 */
export const askByRawPacket = `use Socket qw(:all); my ($host, $protocol, $bytes, $seconds, $df) = @ARGV; my $six = $host =~ /:/;
  socket(S, $six ? PF_INET6 : PF_INET, SOCK_RAW, $protocol) or die $!;
  $six or setsockopt(S, IPPROTO_IP, 10, $df + 0) or die $!; # IP_MTU_DISCOVER
  connect(S, $six ? pack_sockaddr_in6(0, inet_pton(AF_INET6, $host)) : sockaddr_in(0, inet_aton($host))) or die $!;
  $SIG{ALRM} = sub { print "silence"; exit }; alarm $seconds; send(S, 'x' x $bytes, 0) or die "send: $!";
  if (defined recv(S, my $packet, 65535, 0)) { print length($packet) - ($six ? 0 : 20) } else { print "$!" }`;
