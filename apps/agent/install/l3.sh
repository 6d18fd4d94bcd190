#!/usr/bin/env bash
# The device for whole packets (L3): l3.sh up | down [USER]. Run as root, by sallyport-agent-l3.service.
# The device belongs to the agent's user, so the agent stays without privilege. What leaves by it is masqueraded; nothing comes back that was not
# asked for, and this machine forwards for nothing else: it is a gateway and no router.
set -euo pipefail

device=sallyport0
user=${2:-sallyport-agent}

case ${1:-} in
  up)
    "$0" down "$user"
    if [ "$(sysctl -n net.ipv4.ip_forward)" = 1 ] || [ "$(sysctl -n net.ipv6.conf.all.forwarding)" = 1 ]; then
      echo 'This machine forwards packets for others already (a router, or containers): no device for whole packets is made.' >&2
      exit 1
    fi
    # All of it or nothing; the filter comes before what it filters.
    trap '"$0" down "$user"' ERR
    nft -f - <<NFT
table inet sallyport_agent {
  chain input {
    type filter hook input priority filter
    iifname "$device" counter drop
  }
  chain forward {
    type filter hook forward priority filter; policy drop
    iifname "$device" oifname "$device" counter drop
    iifname "$device" meta l4proto { tcp, udp, icmp, ipv6-icmp } counter drop
    iifname "$device" ip daddr { 0.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16, 100.100.100.200, 168.63.129.16, 224.0.0.0/3 } counter drop
    iifname "$device" ip6 daddr { ::/127, fe80::/10, fec0::/10, fd00:ec2::/32, ff00::/8 } counter drop
    iifname "$device" accept
    oifname "$device" ct state established,related accept
    counter
  }
  chain postrouting {
    type nat hook postrouting priority srcnat
    ip saddr 100.127.255.2 oifname != "$device" masquerade
    ip6 saddr fd73:616c:6c79::2 oifname != "$device" masquerade
  }
}
NFT
    ip tuntap add dev "$device" mode tun user "$user"
    # Without a link-local address: nothing of the machine's own goes into it.
    sysctl -qw "net.ipv6.conf.$device.addr_gen_mode=1"
    ip addr add 100.127.255.1 peer 100.127.255.2 dev "$device"
    ip -6 addr add fd73:616c:6c79::1/127 dev "$device" nodad
    # Larger than any packet: what the kernel put together from fragments passes whole.
    ip link set "$device" mtu 65535 txqueuelen 1000 up
    ip -6 route replace fd73:616c:6c79::2/128 dev "$device"
    # A machine that forwards stops taking its own IPv6 routes from its router, unless it is told to go on.
    for accept in /proc/sys/net/ipv6/conf/*/accept_ra; do
      if [ "$(cat "$accept")" = 1 ]; then echo 2 >"$accept"; fi
    done
    sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
    ;;
  down)
    # The filter goes last: while the machine forwards, it stands.
    ip link del "$device" 2>/dev/null || true
    if nft list table inet sallyport_agent >/dev/null 2>&1; then
      sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
      nft delete table inet sallyport_agent
    fi
    ;;
  *)
    echo 'usage: l3.sh up | down [USER]' >&2
    exit 2
    ;;
esac
