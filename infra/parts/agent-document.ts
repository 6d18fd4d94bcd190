import { readFileSync } from 'node:fs';
import { CfnResource } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

const written = new URL('../../apps/agent/install/ssm-document.json', import.meta.url);

/**
 * The document (type Command) that installs the companion agent on gateways, to be run by the deployment pipeline with
 * a join token for each instance. It is not named `jit-`: no lease may ever name it.
 */
export function addAgentDocument(scope: Construct): CfnResource {
  return new CfnResource(scope, 'InstallAgent', {
    type: 'AWS::SSM::Document',
    properties: {
      Name: 'sallyport-install-agent',
      DocumentType: 'Command',
      DocumentFormat: 'JSON',
      TargetType: '/AWS::EC2::Instance',
      Content: readFileSync(written, 'utf8'),
      UpdateMethod: 'NewVersion',
    },
  });
}
