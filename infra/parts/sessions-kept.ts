import type { Resource } from '@sallyport/catalog';
import type { SessionsKept } from '@sallyport/iam-policy';

/** What an instance needs to keep the sessions of its shells: the key they are encrypted with, and where it logs. */
export function sessionsKept(resources: readonly Resource[]): SessionsKept {
  const shells = resources.flatMap(({ shell, region, account }) =>
    shell ? [{ shell, region, account }] : [],
  );
  const groups = shells.flatMap(({ shell: { logs }, region, account }) =>
    logs !== null && 'cloudWatch' in logs
      ? [`arn:${account.partition}:logs:${region}:${account.id}:log-group:${logs.cloudWatch}`]
      : [],
  );
  const objects = shells.flatMap(({ shell: { logs }, account }) =>
    logs !== null && 's3' in logs
      ? [`arn:${account.partition}:s3:::${logs.s3.bucket}/${logs.s3.prefix}*`]
      : [],
  );
  const once = (values: readonly string[]) => [...new Set(values)].sort();
  return {
    keyArns: once(shells.flatMap(({ shell }) => shell.keyArn ?? [])),
    logGroupArns: once(groups),
    logObjectArns: once(objects),
  };
}
