import { join, relative } from 'node:path';
import type { Installation } from './installation.ts';

const standing: Readonly<Record<string, string>> = {
  engineer: 'asks for access',
  approver: 'owns production, says yes or no',
  admin: 'sees and ends live sessions',
  auditor: 'reads who did what',
  outsider: 'an engineer whom no policy favours',
};

/** Where `tunnel` looks when nothing else is said. */
const defaultServer = 'http://localhost:3000';

/** What a newcomer needs after the start: where, who, and the next command. */
export function summary(installation: Installation): string {
  const rows = installation.accounts.map(
    ({ name, email, password }) => `    ${email.padEnd(24)} ${password.padEnd(14)} ${standing[name] ?? ''}`,
  );
  const file = relative(process.cwd(), join(installation.dataDir, 'sandbox.json'));
  const { auditorsKeyFile } = installation;
  const key = auditorsKeyFile && relative(process.cwd(), auditorsKeyFile);
  return [
    '',
    `  Dashboard   ${installation.apiUrl}`,
    `  AWS         a sandbox at ${installation.awsEndpoint}; nothing leaves this machine`,
    '',
    '  Sign in as',
    ...rows,
    `    (also in ${file}, with a token each)`,
    ...(key ? [`  Recordings of audited-shell open with the auditors' private key, ${key}`] : []),
    '',
    '  Next, in another terminal',
    ...(installation.apiUrl === defaultServer ? [] : [`    export TUNNEL_SERVER=${installation.apiUrl}`]),
    '    npx tunnel login                               as engineer@example.com',
    '    npx tunnel connect prod-rds -- psql            asks, waits for the approver, connects',
    '',
    '  Ctrl-C stops everything.',
    '',
    '',
  ].join('\n');
}
