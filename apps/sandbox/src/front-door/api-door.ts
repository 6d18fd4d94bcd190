import type { IncomingMessage } from 'node:http';
import type { Effects } from '@sallyport/effects';
import type { Authenticator } from '../authorise/authenticate.ts';
import type { SignedRequest } from '../authorise/signature.ts';
import type { Throttle } from '../authorise/throttle.ts';
import type { Trail } from '../cloudtrail/trail.ts';
import { limits } from '../limits.ts';
import type { Caller } from '../principals/caller.ts';
import { AwsError } from '../services/aws-error.ts';
import { decodeForm } from '../services/form-input.ts';
import type { Operation, Outcome, Service } from '../services/operation.ts';
import {
  ec2Query,
  iamQuery,
  json11,
  query,
  type Answer,
  type WireProtocol,
} from '../services/wire-protocol.ts';
import { readBody } from './request-body.ts';
import { signedRequestOf, sourceOf } from './signed-request.ts';

/** Everything an API call passes through. */
export interface ApiDoorParts {
  readonly services: {
    readonly sts: Service;
    readonly iam: Service;
    readonly ssm: Service;
    readonly ec2: Service;
    readonly instanceConnect: Service;
    readonly kms: Service;
    readonly logs: Service;
    /** What agents poll for commands. */
    readonly ec2messages: Service;
  };
  readonly authenticator: Authenticator;
  readonly throttle: Throttle;
  readonly trail: Trail;
  readonly effects: Effects;
}

/** What a request asks for, read before anybody is believed. */
interface Addressed {
  readonly service: Service;
  readonly protocol: WireProtocol;
  readonly action: string;
  readonly operation: Operation | undefined;
  readonly input: Readonly<Record<string, unknown>>;
}

/** What is known of a call so far; filled in while it goes, so that a refusal is recorded with what was found out. */
interface Progress {
  caller?: Caller;
  region: string;
  claimedKeyId?: string;
  outcome?: Outcome;
  error?: AwsError;
}

/** Answers the API calls of STS, IAM, SSM, EC2 and Instance Connect: verify, throttle, authorise, act, record. */
export class ApiDoor {
  readonly #parts: ApiDoorParts;

  constructor(parts: ApiDoorParts) {
    this.#parts = parts;
  }

  async answer(request: IncomingMessage): Promise<Answer> {
    const requestId = this.#parts.effects.random.uuid();
    let protocol: WireProtocol = request.headers['x-amz-target'] === undefined ? query : json11;
    try {
      const signed = signedRequestOf(request, await readBody(request));
      const addressed = this.#address(signed);
      protocol = addressed.protocol;
      const progress: Progress = { region: 'us-east-1' };
      await this.#serve(request, signed, addressed, requestId, progress);
      this.#record(request, addressed, requestId, progress);
      if (progress.error !== undefined) throw progress.error;
      return protocol.success(addressed.action, progress.outcome?.result ?? {}, requestId);
    } catch (error) {
      if (error instanceof AwsError) return protocol.failure(error, requestId);
      this.#parts.effects.log.write('error', 'call failed', { requestId, reason: String(error) });
      return protocol.failure(
        AwsError.common('internal', 'An error occurred on the server side.'),
        requestId,
      );
    }
  }

  async #serve(
    request: IncomingMessage,
    signed: SignedRequest,
    { service, operation, action, input }: Addressed,
    requestId: string,
    progress: Progress,
  ): Promise<void> {
    const { authenticator, throttle } = this.#parts;
    try {
      const claim = authenticator.claimOf(signed);
      progress.claimedKeyId = claim.accessKeyId.slice(0, 128);
      progress.region = claim.region;
      const { caller } = await authenticator.authenticate(claim, signed);
      progress.caller = caller;
      if (claim.service !== service.signingName)
        throw AwsError.common(
          'bad-signature',
          `Credential should be scoped to correct service: '${service.signingName}'.`,
        );
      if (operation === undefined)
        throw AwsError.common('unknown-operation', `Could not find operation ${action}.`);
      if (!throttle.admit(caller.principalArn, `${service.signingName}:${action}`))
        throw AwsError.common('throttled', 'Rate exceeded');
      progress.outcome = await operation.run(input, {
        caller,
        region: claim.region,
        host: request.headers.host ?? '',
        requestId,
        ...sourceOf(request),
      });
    } catch (error) {
      progress.error =
        error instanceof AwsError
          ? error
          : AwsError.common('internal', 'An error occurred on the server side.');
      if (!(error instanceof AwsError))
        this.#parts.effects.log.write('error', 'operation failed', {
          action,
          requestId,
          reason: String(error),
        });
    }
  }

  #record(
    request: IncomingMessage,
    { service, protocol, action, operation, input }: Addressed,
    requestId: string,
    { caller, claimedKeyId, region, outcome, error }: Progress,
  ): void {
    this.#parts.trail.append({
      caller,
      claimedKeyId,
      eventSource: service.eventSource,
      eventName: action,
      region,
      ...sourceOf(request),
      requestId,
      readOnly: operation?.readOnly ?? true,
      requestParameters: operation?.describe(input) ?? null,
      responseElements: outcome?.trail ?? null,
      recipientAccount: outcome?.recipientAccount,
      error: error === undefined ? undefined : { code: protocol.code(error), message: error.message },
    });
  }

  #address(signed: SignedRequest): Addressed {
    const { sts, iam, ssm, ec2, ec2messages, instanceConnect, kms, logs } = this.#parts.services;
    const targets = new Map([
      ['AmazonSSM', ssm],
      ['EC2WindowsMessageDeliveryService', ec2messages],
      ['AWSEC2InstanceConnectService', instanceConnect],
      ['TrentService', kms],
      ['Logs_20140328', logs],
    ]);
    const target = signed.headers['x-amz-target'];
    const text = Buffer.from(signed.body).toString('utf8');
    if (target !== undefined) {
      const [, of = '', action] = /^(\w{1,64})\.([A-Za-z]{1,64})$/.exec(target) ?? [];
      const service = targets.get(of);
      if (service === undefined || action === undefined)
        throw AwsError.common('unknown-operation', 'Could not find the operation.');
      return {
        service,
        protocol: json11,
        action,
        operation: service.operations.get(action),
        input: readJson(text),
      };
    }
    const form = new URLSearchParams(text);
    for (const [name, value] of signed.query) if (!name.startsWith('X-Amz-')) form.append(name, value);
    const action = form.get('Action') ?? '';
    const byVersion = new Map([
      ['2016-11-15', { service: ec2, protocol: ec2Query }],
      ['2010-05-08', { service: iam, protocol: iamQuery }],
    ]);
    const { service, protocol } = byVersion.get(form.get('Version') ?? '') ?? {
      service: sts,
      protocol: query,
    };
    if (!/^[A-Za-z]{1,64}$/.test(action))
      throw AwsError.common('unknown-operation', 'The action is not valid.');
    form.delete('Action');
    form.delete('Version');
    if (form.size > limits.formMembersMax) throw AwsError.common('malformed', 'Too many parameters.');
    return { service, protocol, action, operation: service.operations.get(action), input: decodeForm(form) };
  }
}

function readJson(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = text === '' ? {} : JSON.parse(text);
  } catch {
    throw AwsError.common('malformed', 'The body is not valid JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw AwsError.common('malformed', 'The body is not a JSON object.');
  return value as Readonly<Record<string, unknown>>;
}
