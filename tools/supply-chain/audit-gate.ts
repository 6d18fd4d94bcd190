/** `npm run audit:gate`: ends with 1 when the registry knows a blocking advisory against a locked package. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { systemClock } from '@sallyport/effects/system';
import { auditVerdict, type AuditPolicy } from './audit-verdict.ts';

const policy = JSON.parse(
  readFileSync(join(import.meta.dirname, 'audit-policy.json'), 'utf8'),
) as AuditPolicy;
const { stdout } = spawnSync('npm', ['audit', '--json', '--package-lock-only'], {
  cwd: resolve(import.meta.dirname, '../..'),
  encoding: 'utf8',
  maxBuffer: 64 * 1024 * 1024,
  timeout: 120_000,
});
const today = new Date(systemClock.now()).toISOString().slice(0, 10);
const verdict = auditVerdict(stdout, policy, today);
for (const line of verdict.lines) process.stdout.write(`${line}\n`);
process.exitCode = verdict.kind === 'blocked' ? 1 : 0;
