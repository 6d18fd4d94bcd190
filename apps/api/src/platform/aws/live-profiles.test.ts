import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { principalNames } from './client-settings.ts';
import { demandRoleProfiles } from './live-profiles.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sallyport-profiles-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const role = (name: string) =>
  `[profile sallyport-${name}]\nrole_arn = arn:aws:iam::1:role/x\ncredential_source = EcsContainer\n`;
const roles = principalNames.map(role).join('\n');
const keys = 'aws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = canary-of-a-key\n';

function demand(config: string, credentials = '') {
  writeFileSync(join(folder, 'config'), config);
  writeFileSync(join(folder, 'credentials'), credentials);
  demandRoleProfiles(principalNames, {
    AWS_CONFIG_FILE: join(folder, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
  });
}

it('takes profiles with role credentials', () => {
  expect(() => demand(roles)).not.toThrow();
  expect(() => demand(roles, `[sallyport-issuer]\n${keys}aws_session_token = t\n`)).not.toThrow();
});

it.each([
  ['a profile that is missing', role('issuer') + role('revoker'), '', 'no AWS profile sallyport-inventory'],
  ['no file at all', '', '', 'no AWS profile sallyport-issuer'],
  [
    'keys of its own',
    roles,
    `[sallyport-revoker]\n${keys}`,
    'long-lived keys in a file (AWS profile sallyport-revoker)',
  ],
  [
    'a source with keys',
    roles.replace('credential_source = EcsContainer', 'source_profile = base'),
    `[base]\n${keys}`,
    'long-lived keys in a file (AWS profile base)',
  ],
])('refuses %s without telling a value', (_, config, credentials, said) => {
  expect(() => demand(config, credentials)).toThrow(
    expect.objectContaining({
      code: 'CONFIGURATION_UNSAFE',
      detail: expect.stringContaining(said) as string,
    }),
  );
  expect(() => demand(config, credentials)).not.toThrow(/canary/);
});
