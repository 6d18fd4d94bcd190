import { XMLBuilder } from 'fast-xml-parser';
import { AwsError, codeOf, type CodeTable } from './aws-error.ts';

/** What goes back over HTTP. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** How one family of services frames requests and answers. */
export interface WireProtocol {
  /** The answer for a result of `action`. */
  success(action: string, result: unknown, requestId: string): Answer;
  /** The answer for a refusal. */
  failure(error: AwsError, requestId: string): Answer;
  /** The code this protocol gives the error, as it stands in the trail. */
  code(error: AwsError): string;
}

const xml = new XMLBuilder({ ignoreAttributes: false, attributeNamePrefix: '@', suppressEmptyNode: true });

function xmlAnswer(status: number, requestId: string, document: object): Answer {
  return {
    status,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': requestId },
    body: xml.build(document),
  };
}

const jsonCodes: CodeTable = {
  'access-denied': { code: 'AccessDeniedException', status: 400 },
  'missing-authentication': { code: 'MissingAuthenticationTokenException', status: 400 },
  'incomplete-signature': { code: 'IncompleteSignatureException', status: 400 },
  'unknown-key': { code: 'UnrecognizedClientException', status: 400 },
  'bad-signature': { code: 'InvalidSignatureException', status: 400 },
  'signature-expired': { code: 'InvalidSignatureException', status: 400 },
  'expired-token': { code: 'ExpiredTokenException', status: 400 },
  throttled: { code: 'ThrottlingException', status: 400 },
  validation: { code: 'ValidationException', status: 400 },
  'unknown-operation': { code: 'UnknownOperationException', status: 400 },
  malformed: { code: 'SerializationException', status: 400 },
  'too-large': { code: 'RequestEntityTooLargeException', status: 413 },
  internal: { code: 'InternalServerError', status: 500 },
};

/** AWS JSON 1.1, as SSM speaks it. */
export const json11: WireProtocol = {
  success: (_action, result, requestId) => jsonAnswer(200, requestId, result),
  failure(error, requestId) {
    const { code, status } = codeOf(error, jsonCodes);
    return jsonAnswer(status, requestId, { __type: code, message: error.message });
  },
  code: (error) => codeOf(error, jsonCodes).code,
};

function jsonAnswer(status: number, requestId: string, body: unknown): Answer {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': requestId },
    body: JSON.stringify(body),
  };
}

const stsNamespace = 'https://sts.amazonaws.com/doc/2011-06-15/';

const queryCodes: CodeTable = {
  'access-denied': { code: 'AccessDenied', status: 403 },
  'missing-authentication': { code: 'MissingAuthenticationToken', status: 403 },
  'incomplete-signature': { code: 'IncompleteSignature', status: 400 },
  'unknown-key': { code: 'InvalidClientTokenId', status: 403 },
  'bad-signature': { code: 'SignatureDoesNotMatch', status: 403 },
  'signature-expired': { code: 'SignatureDoesNotMatch', status: 403 },
  'expired-token': { code: 'ExpiredToken', status: 403 },
  throttled: { code: 'Throttling', status: 400 },
  validation: { code: 'ValidationError', status: 400 },
  'unknown-operation': { code: 'InvalidAction', status: 400 },
  malformed: { code: 'MalformedInput', status: 400 },
  'too-large': { code: 'RequestEntityTooLarge', status: 413 },
  internal: { code: 'InternalFailure', status: 500 },
};

/** The Query protocol: form in, XML out. */
const queryOf = (namespace: string): WireProtocol => ({
  success: (action, result, requestId) =>
    xmlAnswer(200, requestId, {
      [`${action}Response`]: {
        '@xmlns': namespace,
        [`${action}Result`]: result,
        ResponseMetadata: { RequestId: requestId },
      },
    }),
  failure(error, requestId) {
    const { code, status } = codeOf(error, queryCodes);
    return xmlAnswer(status, requestId, {
      ErrorResponse: {
        '@xmlns': namespace,
        Error: { Type: status >= 500 ? 'Receiver' : 'Sender', Code: code, Message: error.message },
        RequestId: requestId,
      },
    });
  },
  code: (error) => codeOf(error, queryCodes).code,
});

/** As STS speaks it. */
export const query = queryOf(stsNamespace);
/** As IAM speaks it. */
export const iamQuery = queryOf('https://iam.amazonaws.com/doc/2010-05-08/');

const ec2Namespace = 'http://ec2.amazonaws.com/doc/2016-11-15/';

const ec2Codes: CodeTable = {
  ...queryCodes,
  'access-denied': { code: 'UnauthorizedOperation', status: 403 },
  'unknown-key': { code: 'AuthFailure', status: 401 },
  'bad-signature': { code: 'SignatureDoesNotMatch', status: 403 },
  'signature-expired': { code: 'RequestExpired', status: 400 },
  'expired-token': { code: 'RequestExpired', status: 400 },
  throttled: { code: 'RequestLimitExceeded', status: 503 },
  validation: { code: 'InvalidParameterValue', status: 400 },
  internal: { code: 'InternalError', status: 500 },
};

/** EC2's variant of Query: no result element, other error frame. */
export const ec2Query: WireProtocol = {
  success: (action, result, requestId) =>
    xmlAnswer(200, requestId, {
      [`${action}Response`]: { '@xmlns': ec2Namespace, requestId, ...(result as object) },
    }),
  failure(error, requestId) {
    const { code, status } = codeOf(error, ec2Codes);
    return xmlAnswer(status, requestId, {
      Response: { Errors: { Error: { Code: code, Message: error.message } }, RequestID: requestId },
    });
  },
  code: (error) => codeOf(error, ec2Codes).code,
};
