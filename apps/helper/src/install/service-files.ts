import { launchdLabel, serviceCommand, type Places } from './places.ts';

/**
 * The systemd unit: root, but with no capability except the one for networks, no network access of its own, and a file system it can only write
 * /etc/hosts in (by renaming, hence the folder). V8 makes code at run time, so memory may be both written and executed.
 */
export function systemdUnit(places: Places): string {
  return `[Unit]
Description=Sallyport: devices, routes and names for granted networks
After=network-pre.target

[Service]
ExecStart=${serviceCommand(places).join(' ')}
Restart=on-failure
RestartSec=1
RuntimeDirectory=sallyport
RuntimeDirectoryMode=0755
UnsetEnvironment=NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS LD_PRELOAD LD_LIBRARY_PATH
CapabilityBoundingSet=CAP_NET_ADMIN
AmbientCapabilities=
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths=/etc
ProtectHome=yes
PrivateTmp=yes
DevicePolicy=closed
DeviceAllow=/dev/net/tun rw
RestrictAddressFamilies=AF_UNIX AF_NETLINK AF_INET AF_INET6
IPAddressDeny=any
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
UMask=0022

[Install]
WantedBy=multi-user.target
`;
}

/** The launchd job: the same command, kept running, as root, with an environment of its own. */
export function launchdPlist(places: Places): string {
  const strings = serviceCommand(places).map((part) => `    <string>${escaped(part)}</string>`);
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>${launchdLabel}</string>
  <key>ProgramArguments</key>
  <array>
${strings.join('\n')}
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <true/>
  <key>ProcessType</key>
  <string>Interactive</string>
  <key>StandardErrorPath</key>
  <string>/var/log/sallyport-helper.log</string>
</dict>
</plist>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
