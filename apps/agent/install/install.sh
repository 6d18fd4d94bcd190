#!/usr/bin/env bash
# Installs the companion agent of Sallyport on a gateway (Amazon Linux 2023, Debian 12, Ubuntu 22.04 or newer). Run as root, once or again.
# Settings come as variables:
#   SALLYPORT_CONTROL_PLANE  https://sallyport.example
#   SALLYPORT_AGENT_FROM     where the program lies: https://... or s3://bucket/folder
#   SALLYPORT_AGENT_FILE     its name there
#   SALLYPORT_AGENT_SHA256   its digest, 64 hexadecimal digits
#   SALLYPORT_AGENT_VERSION  such as 0.1.0
#   SALLYPORT_JOIN_TOKEN     one-time, bound to this instance; not needed where the agent has enrolled before
#   SALLYPORT_JOIN_PARAMETER instead of it: the SecureString parameter where the token is put, before or after; user data holds no secret
#   SALLYPORT_RELEASE_KEY    optional: the key that signs later releases, base64url; without it nothing is updated
#   SALLYPORT_RESOLVER       optional: address of the private network's resolver
#   SALLYPORT_L3             optional: yes makes a device for whole packets (any IP protocol); the machine then forwards, for the agent alone
set -euo pipefail
umask 022

: "${SALLYPORT_CONTROL_PLANE:?}" "${SALLYPORT_AGENT_FROM:?}" "${SALLYPORT_AGENT_FILE:?}"
: "${SALLYPORT_AGENT_SHA256:?}" "${SALLYPORT_AGENT_VERSION:?}"
join_token=${SALLYPORT_JOIN_TOKEN:-}
unset SALLYPORT_JOIN_TOKEN
place=/opt/sallyport-agent
state=/var/lib/sallyport-agent
etc=/etc/sallyport-agent

if ! id -u sallyport-agent >/dev/null 2>&1; then
  useradd --system --user-group --no-create-home --home-dir "$state" --shell /usr/sbin/nologin sallyport-agent
fi
install -d -m 0755 "$place" "$place/releases" "$etc"
install -d -m 0700 -o sallyport-agent -g sallyport-agent "$state"

# The program: nothing is put in place whose digest is not the expected one.
incoming=$(mktemp -d "$place/releases/.incoming-XXXXXX")
trap 'rm -rf "$incoming"' EXIT
case $SALLYPORT_AGENT_FROM in
  s3://*) aws s3 cp --only-show-errors "$SALLYPORT_AGENT_FROM/$SALLYPORT_AGENT_FILE" "$incoming/sallyport-agent" ;;
  https://*) curl -fsS --proto '=https' --retry 5 -o "$incoming/sallyport-agent" "$SALLYPORT_AGENT_FROM/$SALLYPORT_AGENT_FILE" ;;
  *) echo "SALLYPORT_AGENT_FROM must begin with https:// or s3://" >&2; exit 2 ;;
esac
echo "$SALLYPORT_AGENT_SHA256  $incoming/sallyport-agent" | sha256sum --check --quiet --strict
chmod 0755 "$incoming" "$incoming/sallyport-agent"
release=$place/releases/$SALLYPORT_AGENT_VERSION
rm -rf "$release"
mv -T "$incoming" "$release"
ln -sfn "releases/$SALLYPORT_AGENT_VERSION" "$place/.current-new"
mv -T "$place/.current-new" "$place/current"

# Which instance this is, from its own metadata.
metadata=http://169.254.169.254/latest
session=$(curl -fsS -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$metadata/api/token")
instance_id=$(curl -fsS -H "X-aws-ec2-metadata-token: $session" "$metadata/meta-data/instance-id")
unset session

resolver=''
if [ -n "${SALLYPORT_RESOLVER:-}" ]; then
  resolver=",
  \"resolver\": { \"address\": \"$SALLYPORT_RESOLVER\" }"
fi
updates=''
if [ -n "${SALLYPORT_RELEASE_KEY:-}" ]; then
  updates=",
  \"updates\": { \"from\": \"$SALLYPORT_AGENT_FROM\", \"publicKey\": \"$SALLYPORT_RELEASE_KEY\" }"
fi
l3=''
if [ "${SALLYPORT_L3:-}" = yes ]; then
  l3=',
  "l3": { "device": "sallyport0", "addresses": ["100.127.255.2", "fd73:616c:6c79::2"] }'
fi
cat >"$etc/agent.json.new" <<CONFIG
{
  "controlPlane": "$SALLYPORT_CONTROL_PLANE",
  "instanceId": "$instance_id",
  "joinTokenFile": "$state/join-token"$resolver$l3$updates
}
CONFIG
chmod 0644 "$etc/agent.json.new"
mv -T "$etc/agent.json.new" "$etc/agent.json"
if [ -n "$join_token" ]; then
  # Written by the agent's own user: its folder may hold a link of that name, which root must not follow.
  printf '%s\n' "$join_token" |
    runuser -u sallyport-agent -- sh -c 'umask 077; rm -f "$1"; set -C; cat >"$1"' sh "$state/join-token"
fi

# @units

if [ -n "$l3" ]; then
  install -d -m 0755 /etc/systemd/system/sallyport-agent.service.d
# @l3
  chmod 0755 "$place/l3.sh"
elif [ -e /etc/systemd/system/sallyport-agent-l3.service ]; then
  systemctl disable --quiet --now sallyport-agent-l3.service
  rm -f /etc/systemd/system/sallyport-agent-l3.service /etc/systemd/system/sallyport-agent.service.d/l3.conf "$place/l3.sh"
fi

join=''
if [ -n "${SALLYPORT_JOIN_PARAMETER:-}" ]; then
  join=yes
  printf 'JOIN_PARAMETER=%s\n' "$SALLYPORT_JOIN_PARAMETER" >"$etc/join.env"
# @join
  chmod 0755 "$place/join.sh"
fi

systemctl daemon-reload
if [ -n "$l3" ]; then systemctl enable --quiet --now sallyport-agent-l3.service; fi
systemctl enable --quiet sallyport-agent.service
systemctl restart sallyport-agent.service
if [ -n "$updates" ]; then systemctl enable --quiet --now sallyport-agent-update.timer; fi
if [ -n "$join" ]; then
  systemctl enable --quiet sallyport-agent-join.service
  systemctl start --no-block sallyport-agent-join.service
fi
if [ -n "$join" ] && [ ! -e "$state/enrolment.json" ]; then
  echo "the agent waits for its join token in $SALLYPORT_JOIN_PARAMETER"
  exit 0
fi
systemctl is-active --quiet sallyport-agent.service
runuser -u sallyport-agent -- "$place/current/sallyport-agent" check || echo 'the self-check has findings; see above' >&2
