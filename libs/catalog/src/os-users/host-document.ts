import type { Sha256Hex } from '../session-document.ts';
import { hostScript } from './host-script.ts';
import { changesMax, type AccountChange } from './plan-accounts.ts';

/** Name of the one document that the provisioner may run. */
export const osUsersDocumentName = 'jit-os-users';

const name = '[a-z_][a-z0-9_-]{0,30}';
const person = 'prs_[0-9A-Z]{26}';
const shell = '(/[a-z0-9]+){1,4}';
const groups = `(-|${name}(,${name}){0,7})`;
const step = `(create:${name}:[1-5]?[0-9]{4}:${shell}:${groups}:${person}|unlock:${name}:${shell}:${groups}:${person}|(lock|end):${name}:${person})`;

/** What each parameter may be; no character of them means anything to a shell within quotes. */
export const osUsersPatterns = {
  action: '^(facts|apply)$',
  expect: '^([0-9a-f]{64})?$',
  steps: `^(${step}( ${step}){0,${changesMax - 1}})?$`,
} as const;

/** A document of Run Command, schema 2.2. */
export interface CommandDocument {
  readonly name: string;
  /** The text stored in SSM, byte for byte. */
  readonly content: string;
  /** What DescribeDocument answers as `Hash`. */
  readonly sha256: string;
}

/** The document that looks at and changes the accounts of a host: the same for every account and region. */
export function renderOsUsersDocument(sha256: Sha256Hex): CommandDocument {
  const text = (description: string, allowedPattern: string, value: string) => ({
    ...{ type: 'String', description, default: value, allowedPattern },
  });
  const content = JSON.stringify(
    {
      schemaVersion: '2.2',
      description: 'Accounts of people on this host: told, made, locked; nothing else',
      parameters: {
        action: text('What to do', osUsersPatterns.action, 'facts'),
        expect: text('SHA-256 of the facts that the steps rest on', osUsersPatterns.expect, ''),
        steps: text('Typed steps of a plan', osUsersPatterns.steps, ''),
      },
      mainSteps: [
        {
          action: 'aws:runShellScript',
          name: 'osUsers',
          precondition: { StringEquals: ['platformType', 'Linux'] },
          inputs: { timeoutSeconds: '60', runCommand: hostScript.trimEnd().split('\n') },
        },
      ],
    },
    undefined,
    2,
  );
  return { name: osUsersDocumentName, content, sha256: sha256(content) };
}

/** One word of the parameter `steps`. */
export function stepText(change: AccountChange): string {
  const { kind, name: account, personId } = change;
  switch (change.kind) {
    case 'create':
      return [kind, account, change.uid, change.shell, groupsText(change.groups), personId].join(':');
    case 'unlock':
      return [kind, account, change.shell, groupsText(change.groups), personId].join(':');
    default:
      return [kind, account, personId].join(':');
  }
}

const groupsText = (list: readonly string[]) => (list.length === 0 ? '-' : list.join(','));

/** What came of the steps, as the host printed them. */
export interface StepOutcome {
  readonly step: string;
  /** Exit status; null: done. */
  readonly failed: number | null;
}

/** Reads the outcomes of steps. Nothing that the host says names a step that was not sent. */
export function parseOutcomes(output: string, sent: readonly string[]): StepOutcome[] {
  return sent.flatMap((step): StepOutcome[] => {
    if (output.includes(`sallyport-done ${step}\n`)) return [{ step, failed: null }];
    const line = output
      .split('\n')
      .find((each) => each.endsWith(` ${step}`) && each.startsWith('sallyport-failed '));
    return line === undefined ? [] : [{ step, failed: Number(line.split(' ')[1]) }];
  });
}

/** The word of `sallyport-error`, such as `changed`, `busy` or `tool-useradd`; undefined when there is none. */
export function parseHostError(output: string): string | undefined {
  return /^sallyport-error ([a-z0-9-]{1,40})$/m.exec(output)?.[1];
}
