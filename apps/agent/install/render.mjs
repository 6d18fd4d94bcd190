/**
 * What installs the agent: the script with its units inside, as user data of an instance and as an SSM document (type Command).
 * `node apps/agent/install/render.mjs` writes `ssm-document.json` beside this file.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = import.meta.dirname;
const units = ['sallyport-agent.service', 'sallyport-agent-update.service', 'sallyport-agent-update.timer'];
/** What goes with the device for whole packets, and where. */
const l3 = {
  'l3.sh': '$place/l3.sh',
  'sallyport-agent-l3.service': '/etc/systemd/system/sallyport-agent-l3.service',
  'l3.conf': '/etc/systemd/system/sallyport-agent.service.d/l3.conf',
};
/** What fetches the join token from a parameter, and where. */
const fromParameter = {
  'join.sh': '$place/join.sh',
  'sallyport-agent-join.service': '/etc/systemd/system/sallyport-agent-join.service',
};
const read = (file) => readFileSync(join(here, file), 'utf8');

/** The settings of the script, with the only form that each may have: none can end a quoted string. */
export const settings = {
  ControlPlane: { variable: 'SALLYPORT_CONTROL_PLANE', form: '^https://[A-Za-z0-9.:/_-]{1,200}$' },
  AgentFrom: { variable: 'SALLYPORT_AGENT_FROM', form: '^(https|s3)://[A-Za-z0-9.:/_-]{1,300}$' },
  AgentFile: { variable: 'SALLYPORT_AGENT_FILE', form: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$' },
  AgentSha256: { variable: 'SALLYPORT_AGENT_SHA256', form: '^[0-9a-f]{64}$' },
  AgentVersion: { variable: 'SALLYPORT_AGENT_VERSION', form: '^[0-9]{1,5}[.][0-9]{1,5}[.][0-9]{1,5}$' },
  JoinToken: { variable: 'SALLYPORT_JOIN_TOKEN', form: '^[A-Za-z0-9._-]{0,200}$', optional: true },
  JoinParameter: { variable: 'SALLYPORT_JOIN_PARAMETER', form: '^(/[A-Za-z0-9._-]+){0,8}$', optional: true },
  ReleaseKey: { variable: 'SALLYPORT_RELEASE_KEY', form: '^([A-Za-z0-9_-]{43})?$', optional: true },
  Resolver: { variable: 'SALLYPORT_RESOLVER', form: '^[0-9a-fA-F.:]{0,45}$', optional: true },
  L3: { variable: 'SALLYPORT_L3', form: '^(yes)?$', optional: true },
};

/** The script with the files written by it. */
export function script() {
  const written = (place, file) => `cat >"${place}" <<'FILE'\n${read(file)}FILE`;
  const plain = units.map((unit) => written(`/etc/systemd/system/${unit}`, unit));
  const all = (files) =>
    Object.entries(files)
      .map(([file, place]) => written(place, file))
      .join('\n');
  return read('install.sh')
    .replace('# @units', () => plain.join('\n'))
    .replace('# @join', () => all(fromParameter))
    .replace('# @l3', () => all(l3));
}

/** User data for an instance: the settings, then the script. Throws for a value without the form. */
export function userData(values) {
  const lines = Object.entries(settings).map(([name, { variable, form, optional }]) => {
    const value = values[name] ?? (optional ? '' : undefined);
    if (value === undefined || !new RegExp(form).test(value))
      throw new Error(`${name} has not the form ${form}`);
    return `${variable}='${value}'`;
  });
  const [first, ...rest] = script().split('\n');
  return [first, ...lines, ...rest].join('\n');
}

/** The SSM document that installs or reinstalls the agent on instances that run already. */
export function ssmDocument() {
  const parameters = Object.fromEntries(
    Object.entries(settings).map(([name, { form, optional }]) => [
      name,
      { type: 'String', allowedPattern: form, ...(optional ? { default: '' } : {}) },
    ]),
  );
  const [, ...rest] = script().split('\n');
  const given = Object.entries(settings).map(([name, { variable }]) => `${variable}='{{ ${name} }}'`);
  return {
    schemaVersion: '2.2',
    description: 'Installs the companion agent of Sallyport on a gateway.',
    parameters,
    mainSteps: [
      {
        action: 'aws:runShellScript',
        name: 'install',
        precondition: { StringEquals: ['platformType', 'Linux'] },
        inputs: { timeoutSeconds: '900', runCommand: ['#!/usr/bin/env bash', ...given, ...rest] },
      },
    ],
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(join(here, 'ssm-document.json'), `${JSON.stringify(ssmDocument(), null, 2)}\n`);
