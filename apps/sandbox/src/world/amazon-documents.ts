const portPattern =
  '^([1-9]|[1-9][0-9]{1,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$';
const localPortNumber = {
  type: 'String',
  description: '(Optional) Port number on local machine to forward traffic to.',
  allowedPattern: `^0$|${portPattern}`,
  default: '0',
};
const portNumber = {
  type: 'String',
  description: '(Optional) Port number of the server on the instance',
  allowedPattern: portPattern,
  default: '80',
};
const host = {
  type: 'String',
  description: '(Optional) Hostname or IP address of the destination server',
  allowedPattern: '^[^,$^&\\(\\)!;\'"<>`{}\\[\\]\\|#=]{3,}$',
  default: 'localhost',
};

const command = {
  type: 'String',
  description: 'Command to run',
};
const commands = '{{ command }}';
const apart = {
  commands,
  runAsElevated: false,
  separateOutputStream: true,
  stdOutSeparatorPrefix: '',
  stdErrSeparatorPrefix: '',
};

/** Amazon's documents, in the shape its documentation gives them; of those for commands as much as was seen (protocol notes, section 11.1). */
export const amazonDocuments = {
  'AWS-StartPortForwardingSession': {
    schemaVersion: '1.0',
    description: 'Document to start port forwarding session over Session Manager',
    sessionType: 'Port',
    parameters: { portNumber, localPortNumber },
    properties: {
      portNumber: '{{ portNumber }}',
      type: 'LocalPortForwarding',
      localPortNumber: '{{ localPortNumber }}',
    },
  },
  'AWS-StartPortForwardingSessionToRemoteHost': {
    schemaVersion: '1.0',
    description: 'Document to start port forwarding session over Session Manager to remote host',
    sessionType: 'Port',
    parameters: { portNumber, localPortNumber, host },
    properties: {
      host: '{{ host }}',
      portNumber: '{{ portNumber }}',
      type: 'LocalPortForwarding',
      localPortNumber: '{{ localPortNumber }}',
    },
  },
  'AWS-StartSSHSession': {
    schemaVersion: '1.0',
    description: 'Document to start SSH session over Session Manager',
    sessionType: 'Port',
    parameters: { portNumber: { ...portNumber, default: '22' } },
    properties: { portNumber: '{{ portNumber }}' },
  },
  'AWS-StartInteractiveCommand': {
    schemaVersion: '1.0',
    description: 'Document to run single interactive command on an instance',
    sessionType: 'InteractiveCommands',
    parameters: { command },
    properties: {
      windows: { commands, runAsElevated: false },
      macos: { commands, runAsElevated: false },
      linux: { commands, runAsElevated: false },
    },
  },
  'AWS-StartNonInteractiveCommand': {
    schemaVersion: '1.0',
    description: 'Document to run single non-interactive command on an instance',
    sessionType: 'NonInteractiveCommands',
    parameters: { command },
    properties: { windows: apart, macos: apart, linux: apart },
  },
} as const;
