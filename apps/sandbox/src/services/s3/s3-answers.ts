import { XMLBuilder } from 'fast-xml-parser';
import { codeOf, type AwsError, type CodeTable } from '../aws-error.ts';
import type { Answer } from '../wire-protocol.ts';

const xml = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@', suppressEmptyNode: true });
const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
const codes: CodeTable = {
  'access-denied': { code: 'AccessDenied', status: 403 },
  'missing-authentication': { code: 'AccessDenied', status: 403 },
  'incomplete-signature': { code: 'AuthorizationHeaderMalformed', status: 400 },
  'unknown-key': { code: 'InvalidAccessKeyId', status: 403 },
  'bad-signature': { code: 'SignatureDoesNotMatch', status: 403 },
  'signature-expired': { code: 'RequestTimeTooSkewed', status: 403 },
  'expired-token': { code: 'ExpiredToken', status: 400 },
  throttled: { code: 'SlowDown', status: 503 },
  validation: { code: 'InvalidArgument', status: 400 },
  'unknown-operation': { code: 'NotImplemented', status: 501 },
  malformed: { code: 'InvalidRequest', status: 400 },
  'too-large': { code: 'EntityTooLarge', status: 400 },
  internal: { code: 'InternalError', status: 500 },
};

/** The code of an error as S3 names it. */
export function s3CodeOf(error: AwsError): string {
  return codeOf(error, codes).code;
}

/** A document of S3. */
export function s3Document(name: string, members: object): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n${xml.build({ [name]: { '@xmlns': namespace, ...members } })}`;
}

/** A refusal; to HEAD the status alone. */
export function s3Failure(error: AwsError, requestId: string, head: boolean): Answer {
  const { code, status } = codeOf(error, codes);
  const body = xml.build({ Error: { Code: code, Message: error.message, RequestId: requestId } });
  return {
    status,
    headers: { 'content-type': 'application/xml', 'x-amz-request-id': requestId },
    body: head ? '' : `<?xml version="1.0" encoding="UTF-8"?>\n${body}`,
  };
}
