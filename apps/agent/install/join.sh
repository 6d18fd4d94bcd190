#!/usr/bin/env bash
# Fetches the one-time join token from a SecureString parameter, once, and gives it to the agent: join.sh PARAMETER. Run as root by
# sallyport-agent-join.service, again and again until an administrator has put the parameter there.
set -euo pipefail
state=/var/lib/sallyport-agent
[ ! -e "$state/enrolment.json" ] || exit 0

metadata=http://169.254.169.254/latest
session=$(curl -fsS -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$metadata/api/token")
AWS_DEFAULT_REGION=$(curl -fsS -H "X-aws-ec2-metadata-token: $session" "$metadata/meta-data/placement/region")
export AWS_DEFAULT_REGION
token=$(aws ssm get-parameter --name "$1" --with-decryption --query Parameter.Value --output text)
[[ $token =~ ^[A-Za-z0-9._-]{1,200}$ ]]
# Written by the agent's own user: its folder may hold a link of that name, which root must not follow.
printf '%s\n' "$token" | runuser -u sallyport-agent -- sh -c 'umask 077; rm -f "$1"; set -C; cat >"$1"' sh "$state/join-token"
aws ssm delete-parameter --name "$1"
systemctl restart sallyport-agent.service
