import { evaluate, renderGatewayPermissions } from '@sallyport/iam-policy';
import { expect, it } from 'vitest';
import { sessionsKept } from '../parts/sessions-kept.ts';
import { aCatalog } from './templates.ts';

const shells = aCatalog().resources.filter(({ kind }) => kind === 'shell');
const group = 'arn:aws:logs:eu-west-1:111122223333:log-group:/jit/shell';
const key = 'arn:aws:kms:eu-west-1:111122223333:key/5a1e7b0c-2d3f-4a5b-8c6d-7e8f90a1b2c3';

const may = (action: string, resource: string, context = {}, of = shells) =>
  evaluate({
    principal: { arn: 'arn:aws:sts::111122223333:assumed-role/gateway/i-1', accountId: '111122223333' },
    identityPolicies: [renderGatewayPermissions(sessionsKept(of))],
    request: { action, resource, context: { 'aws:CurrentTime': '2026-11-21T12:00:00Z', ...context } },
  }).decision === 'allow';

it('lets an instance with shells decrypt their sessions and write their log, and nothing more', () => {
  const session = { 'kms:EncryptionContext:aws:ssm:SessionId': 'jit-1' };
  expect(may('kms:Decrypt', key, session)).toBe(true);
  expect(may('kms:Decrypt', key)).toBe(false);
  expect(may('kms:GenerateDataKey', key, session)).toBe(false);
  expect(may('logs:PutLogEvents', `${group}:log-stream:jit-1`)).toBe(true);
  expect(may('logs:PutLogEvents', `${group}-other:log-stream:jit-1`)).toBe(false);
  expect(may('logs:DeleteLogStream', `${group}:log-stream:jit-1`)).toBe(false);
  expect(may('s3:PutObject', 'arn:aws:s3:::jit-logs/web/1')).toBe(false);
});

it('lets an instance that logs to a bucket write there and see that it is encrypted, which the SSM Agent asks for', () => {
  const toBucket = shells.flatMap(({ shell: kept, ...rest }) =>
    kept ? [{ ...rest, shell: { ...kept, logs: { s3: { bucket: 'jit-logs', prefix: 'web/' } } } }] : [],
  );
  const mayThere = (action: string, resource: string) => may(action, resource, {}, toBucket);
  expect(mayThere('s3:PutObject', 'arn:aws:s3:::jit-logs/web/jit-1.log')).toBe(true);
  expect(mayThere('s3:PutObject', 'arn:aws:s3:::jit-logs/other/jit-1.log')).toBe(false);
  expect(mayThere('s3:GetObject', 'arn:aws:s3:::jit-logs/web/jit-1.log')).toBe(false);
  expect(mayThere('s3:GetEncryptionConfiguration', 'arn:aws:s3:::jit-logs')).toBe(true);
  expect(mayThere('s3:GetEncryptionConfiguration', 'arn:aws:s3:::jit-logs-other')).toBe(false);
});

it('gives an instance without shells neither key nor log', () => {
  expect(renderGatewayPermissions(sessionsKept([])).Statement).toHaveLength(1);
});
