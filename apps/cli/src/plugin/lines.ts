/** What the official session-manager-plugin prints, to the letter: scripts wait for it. */

/** The version of its contract that is kept: responses come in the environment (above 1.2.497.0), upgrades are signed (1.2.764.0). */
export const pluginVersion = '1.2.764.0';

export const greeting =
  '\nThe Session Manager plugin was installed successfully. Use the AWS CLI to start a session.\n\n';
export const unknownOperation = (operation: string) =>
  `\nUnknown operation ${operation}. \nUse session-manager-plugin --version to check the version.\n\n`;
export const invalidOperation = 'Invalid Operation';

export const cannotStart = (why: string) => `Cannot perform start session: ${why}\n`;

/** The lines of one session. */
export function linesOf(sessionId: string) {
  const exiting = `\n\nExiting session with sessionId: ${sessionId}.\n\n`;
  return {
    starting: `\nStarting session with SessionId: ${sessionId}\n`,
    portOpened: (port: number) => `Port ${port} opened for sessionId ${sessionId}.\n`,
    socketOpened: (path: string) => `Unix socket ${path} opened for sessionId ${sessionId}.\n`,
    waiting: 'Waiting for connections...\n',
    accepted: `\nConnection accepted for session [${sessionId}]\n`,
    /** Where one connection is carried at a time, by an agent that knows no better. */
    acceptedAlone: `Connection accepted for session ${sessionId}.\n`,
    destinationRefused: '\nConnection to destination port failed, check SSM Agent logs.\n',
    interrupted: `Terminate signal received, exiting.\n${exiting}`,
    /** Ended by the service or the agent, with its words where it has any. */
    ended: (output: string) => (output === '' ? exiting : `\n\nSessionId: ${sessionId} : ${output}\n\n`),
    timedOut: `Session: ${sessionId} timed out.\n`,
  };
}
