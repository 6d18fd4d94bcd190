import type { CommandDocument, SessionDocument } from '@sallyport/catalog';
import { CfnResource } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/**
 * A pinned Session document. The content is given as text, so that SSM stores it byte for byte and its hash equals the
 * one the control plane compares before each lease. AWS::SSM::Document takes text; the typed construct of the CDK
 * takes only an object, which CloudFormation would write out in its own way, hence the plain resource.
 */
export function addSessionDocument(scope: Construct, document: SessionDocument): CfnResource {
  return addDocument(scope, document, 'Session');
}

/** A document of Run Command, byte for byte for the same reason: the control plane names its hash in each call. */
export function addCommandDocument(scope: Construct, document: CommandDocument): CfnResource {
  return addDocument(scope, document, 'Command');
}

function addDocument(
  scope: Construct,
  document: Pick<CommandDocument, 'name' | 'content'>,
  type: 'Session' | 'Command',
): CfnResource {
  return new CfnResource(scope, document.name, {
    type: 'AWS::SSM::Document',
    properties: {
      Name: document.name,
      DocumentType: type,
      DocumentFormat: 'JSON',
      Content: document.content,
      // A document of a fixed name cannot be replaced; a new version becomes the default.
      UpdateMethod: 'NewVersion',
      Tags: [{ Key: 'jit-managed', Value: 'true' }],
    },
  });
}
