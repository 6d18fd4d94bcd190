import type { Gateway, Resource } from '@sallyport/catalog';
import type { PolicyDocument } from '@sallyport/iam-policy';
import { userData } from '../../apps/agent/install/render.mjs';
import type { AgentSettings } from '../settings.ts';

/** What EC2 takes, before base64. */
const userDataBytesMax = 16_384;

/** Whether a companion agent is wanted on the gateway of these resources. */
export function wantsAgent(resources: readonly Resource[]): boolean {
  return resources.some(({ connectable, network }) => connectable && network?.way === 'agent');
}

/** Where an administrator puts the one-time join token of the agent on a gateway: a SecureString parameter. */
export function joinParameterOf({ name }: Pick<Gateway, 'name'>): string {
  return `/sallyport/agents/${name}/join-token`;
}

/**
 * User data that install the companion agent. They hold public settings and the name of the parameter, and no secret: whoever may describe
 * instances reads them.
 */
export function agentScript(gateway: Pick<Gateway, 'name'>, agent: AgentSettings): string {
  return userData({
    ControlPlane: agent.controlPlane,
    AgentFrom: agent.from,
    AgentFile: agent.file,
    AgentSha256: agent.sha256,
    AgentVersion: agent.version,
    ReleaseKey: agent.releaseKey ?? '',
    JoinParameter: joinParameterOf(gateway),
  });
}

/** Several scripts as one, in order. Throws when EC2 would not take it. */
export function joined(scripts: readonly string[]): string | undefined {
  if (scripts.length === 0) return undefined;
  // Each in a shell of its own: the end of one is not the end of the next.
  const all =
    scripts.length === 1
      ? (scripts[0] ?? '')
      : ['#!/usr/bin/env bash', ...scripts.flatMap((text) => ['(', text.trimEnd(), ')'])].join('\n');
  if (Buffer.byteLength(all) > userDataBytesMax)
    throw new Error(
      `user data of ${Buffer.byteLength(all)} bytes are more than EC2 takes (${userDataBytesMax})`,
    );
  return all;
}

/** What the instance may do beside the SSM Agent's own: read its join token and remove it; fetch the release where that lies in S3. */
export function agentPermissions(gateway: Gateway, agent: AgentSettings): PolicyDocument {
  const { partition, id } = gateway.account;
  const parameter = `arn:${partition}:ssm:${gateway.region}:${id}:parameter${joinParameterOf(gateway)}`;
  const release = agent.from.startsWith('s3://')
    ? [
        {
          Sid: 'Release',
          Effect: 'Allow' as const,
          Action: ['s3:GetObject'],
          Resource: `arn:${partition}:s3:::${agent.from.slice('s3://'.length)}/${agent.file}`,
        },
      ]
    : [];
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'OwnJoinToken',
        Effect: 'Allow',
        Action: ['ssm:GetParameter', 'ssm:DeleteParameter'],
        Resource: parameter,
      },
      ...release,
    ],
  };
}
