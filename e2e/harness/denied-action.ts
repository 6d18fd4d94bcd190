import { Sha256 } from '@aws-crypto/sha256-js';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Product } from './product.ts';

/** A principal for a world: whoever looks after the roles of the account `workloads`. */
export const iamAdministrator = {
  name: 'iam-administrator',
  user: { account: 'workloads', name: 'iam-administrator' },
  policy: {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['iam:PutRolePolicy', 'iam:DeleteRolePolicy'], Resource: '*' }],
  },
};

/** The role that every lease of the account is of, and the inline policy that is written into it. */
const named = { RoleName: 'JitConnect', PolicyName: 'denied-by-a-test' };

/**
 * While `during` runs, IAM denies the action to all leases, old and new: an administrator of the account has written so into their role, and the control plane
 * knows nothing of it. The world has {@link iamAdministrator}.
 */
export async function whileDenied<T>(
  product: Product,
  denied: { readonly Action: string; readonly Resource: string },
  during: () => Promise<T>,
): Promise<T> {
  const statement = { Effect: 'Deny', ...denied };
  const document = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  await ask(product, { Action: 'PutRolePolicy', ...named, PolicyDocument: document });
  try {
    return await during();
  } finally {
    await ask(product, { Action: 'DeleteRolePolicy', ...named });
  }
}

async function ask(product: Product, form: Readonly<Record<string, string>>): Promise<void> {
  const keys = product.principals().principals.find(({ name }) => name === iamAdministrator.name);
  if (keys === undefined) throw new Error('the world has no administrator of IAM');
  const { host, hostname, protocol } = new URL(product.installation.awsEndpoint);
  const body = new URLSearchParams({ Version: '2010-05-08', ...form }).toString();
  const request = new HttpRequest({
    ...{ method: 'POST', protocol, hostname, path: '/', body },
    headers: { host, 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' },
  });
  const { accessKeyId, secretAccessKey } = keys;
  const credentials = { accessKeyId, secretAccessKey };
  const signer = new SignatureV4({ service: 'iam', region: 'us-east-1', credentials, sha256: Sha256 });
  const { headers } = await signer.sign(request);
  const answer = await fetch(`${protocol}//${host}/`, { method: 'POST', headers, body });
  if (!answer.ok) throw new Error(`${form['Action']}: ${answer.status} ${await answer.text()}`);
}
