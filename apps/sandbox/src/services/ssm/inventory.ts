import { z } from 'zod';
import type { Clock } from '@sallyport/effects';
import type { Authoriser } from '../../authorise/authoriser.ts';
import { defaultDocumentName, documentArn, type StoredDocument } from '../../world/session-documents.ts';
import type { Instance, World } from '../../world/world.ts';
import { AwsError } from '../aws-error.ts';
import { trailNames, type Call, type Operation } from '../operation.ts';
import { readInput } from './read-input.ts';

const values = z.array(z.string().min(1)).min(1).max(100);
const instancesForm = z.object({
  InstanceInformationFilterList: z.array(z.object({ key: z.string(), valueSet: values })).optional(),
  Filters: z.array(z.object({ Key: z.string(), Values: values })).optional(),
  MaxResults: z.int().min(5).max(50).default(50),
  NextToken: z.string().max(100).optional(),
});

/** DescribeInstanceInformation: nodes whose agent reported at some time, with their ping status. */
export function describeInstanceInformation(world: World, authoriser: Authoriser, clock: Clock): Operation {
  return {
    name: 'DescribeInstanceInformation',
    readOnly: true,
    describe: (input) => trailNames(input) as object,
    async run(raw, call) {
      authoriser.require(call, 'ssm:DescribeInstanceInformation', '*');
      const input = readInput(instancesForm, raw);
      const filters = [
        ...(input.Filters ?? []).map(({ Key, Values }) => ({ key: Key, values: Values })),
        ...(input.InstanceInformationFilterList ?? []).map(({ key, valueSet }) => ({
          key,
          values: valueSet,
        })),
      ];
      const all = [...world.instances.values()]
        .filter(({ account, region }) => account === call.caller.account && region === call.region)
        .filter((instance) =>
          filters.every(({ key, values: wanted }) => wanted.includes(valueOf(instance, key))),
        )
        .filter(({ id }) => id > (input.NextToken ?? ''))
        .sort((a, b) => (a.id < b.id ? -1 : 1));
      const page = all.slice(0, input.MaxResults);
      const next = page.length < all.length ? page.at(-1)?.id : undefined;
      return {
        result: {
          InstanceInformationList: page.map((instance) => informationShape(instance, clock)),
          ...(next === undefined ? {} : { NextToken: next }),
        },
        trail: null,
      };
    },
  };
}

function valueOf(instance: Instance, key: string): string {
  if (key.startsWith('tag:')) return instance.tags[key.slice(4)] ?? '';
  switch (key) {
    case 'InstanceIds':
      return instance.id;
    case 'PingStatus':
      return pingStatus(instance);
    case 'PlatformTypes':
      return 'Linux';
    case 'ResourceType':
      return resourceType(instance);
    default:
      throw AwsError.own('InvalidFilterKey', `The filter ${key} is not valid.`);
  }
}

function resourceType({ id }: Instance): string {
  return id.startsWith('mi-') ? 'ManagedInstance' : 'EC2Instance';
}

function pingStatus({ online }: Instance): string {
  return online ? 'Online' : 'ConnectionLost';
}

function informationShape(instance: Instance, clock: Clock): object {
  const { report } = instance;
  return {
    InstanceId: instance.id,
    PingStatus: pingStatus(instance),
    LastPingDateTime: Math.floor(clock.now() / 1000),
    AgentVersion: report?.agentVersion ?? '3.3.987.0',
    IsLatestVersion: true,
    PlatformType: 'Linux',
    PlatformName: report?.platformName ?? 'Amazon Linux',
    PlatformVersion: report?.platformVersion ?? '2023',
    ResourceType: resourceType(instance),
    IPAddress: report?.address ?? instance.address,
    ComputerName: report?.computerName ?? instance.name,
  };
}

const tagsForm = z.object({
  ResourceType: z.literal('ManagedInstance'),
  ResourceId: z.string().regex(/^mi-[0-9a-f]{17}$/),
});

/** ListTagsForResource of nodes outside EC2; those of EC2 have their tags there. */
export function listTagsForResource(world: World, authoriser: Authoriser): Operation {
  return {
    name: 'ListTagsForResource',
    readOnly: true,
    describe: (input) => trailNames(input) as object,
    async run(raw, call) {
      const { ResourceId: id } = readInput(tagsForm, raw);
      const { account } = call.caller;
      const node = world.instances.get(id);
      const seen = node?.account === account && node.region === call.region ? node : undefined;
      const arn = `arn:aws:ssm:${call.region}:${account}:managed-instance/${id}`;
      authoriser.require(call, 'ssm:ListTagsForResource', {
        arn,
        ...(seen === undefined ? {} : { tags: seen.tags }),
      });
      if (seen === undefined) throw AwsError.own('InvalidResourceId', `${id} is not a managed instance.`);
      return {
        result: { TagList: Object.entries(seen.tags).map(([Key, Value]) => ({ Key, Value })) },
        trail: null,
      };
    },
  };
}

const documentForm = z.object({
  Name: z.string().regex(/^[a-zA-Z0-9_\-.:/]{3,200}$/),
  DocumentVersion: z.string().optional(),
});

function readDocument(
  world: World,
  authoriser: Authoriser,
  call: Call,
  action: string,
  raw: unknown,
): StoredDocument {
  const { Name, DocumentVersion } = readInput(documentForm, raw);
  authoriser.require(call, action, documentArn(Name, call.caller.account, call.region));
  const document = world.documents.find(call.caller.account, call.region, Name);
  if (document === undefined)
    throw AwsError.own('InvalidDocument', `Document with name ${Name} does not exist.`);
  if (!['1', '$DEFAULT', '$LATEST', undefined].includes(DocumentVersion))
    throw AwsError.own('InvalidDocumentVersion', 'The document version is not valid or does not exist.');
  return document;
}

/** GetDocument: the text as stored. */
export function getDocument(world: World, authoriser: Authoriser): Operation {
  return {
    name: 'GetDocument',
    readOnly: true,
    describe: (input) => trailNames(input) as object,
    async run(raw, call) {
      const document = readDocument(world, authoriser, call, 'ssm:GetDocument', raw);
      const { content: _, ...common } = commonShape(document);
      return { result: { ...common, Content: document.text }, trail: null };
    },
  };
}

/** DescribeDocument: owner, status and the SHA-256 of the text. */
export function describeDocument(world: World, authoriser: Authoriser): Operation {
  return {
    name: 'DescribeDocument',
    readOnly: true,
    describe: (input) => trailNames(input) as object,
    async run(raw, call) {
      const document = readDocument(world, authoriser, call, 'ssm:DescribeDocument', raw);
      const { content, ...common } = commonShape(document);
      return {
        result: {
          Document: {
            ...common,
            Hash: document.sha256,
            HashType: 'Sha256',
            Owner: document.account === '' ? 'Amazon' : document.account,
            Description: content.description,
            Parameters: Object.entries(content.parameters ?? {}).map(([Name, { type, default: value }]) => ({
              Name,
              Type: type,
              DefaultValue: value,
            })),
            SchemaVersion: content.schemaVersion,
            LatestVersion: '1',
            DefaultVersion: '1',
            PlatformTypes: ['Windows', 'Linux', 'MacOS'],
            Tags: document.name === defaultDocumentName ? [] : undefined,
          },
        },
        trail: null,
      };
    },
  };
}

function commonShape({ name, content }: StoredDocument) {
  return {
    Name: name,
    DocumentVersion: '1',
    Status: 'Active',
    DocumentType: 'Session',
    DocumentFormat: 'JSON',
    content,
  };
}
