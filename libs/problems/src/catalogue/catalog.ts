import { entries } from '../catalogue-entry.ts';

export const catalog = entries({
  CATALOG_YAML_MALFORMED: {
    kind: 'invalid',
    title: 'The catalogue is not well-formed YAML.',
    advice: 'Mend the line named and read the catalogue again.',
  },
  CATALOG_INVALID: {
    kind: 'invalid',
    title: 'The catalogue does not have the expected form.',
    advice: 'Mend the fields named and read the catalogue again.',
  },
  CATALOG_NAME_TAKEN: {
    kind: 'invalid',
    title: 'Two entries of the catalogue have the same name.',
    advice: 'Give each account, gateway and resource a name of its own.',
  },
  CATALOG_REFERENCE_UNKNOWN: {
    kind: 'invalid',
    title: 'The catalogue names something that it does not define.',
    advice: 'Define the account, region or gateway, or mend its name.',
  },
  CATALOG_GATEWAY_NOT_ENROLLED: {
    kind: 'invalid',
    title: 'A gateway selector lacks a tag that every lease demands.',
    advice: "Repeat the account's enrolment tags and the team tag in the selector.",
  },
  CATALOG_HOST_FORBIDDEN: {
    kind: 'invalid',
    title: 'A resource leads to an address that may never be reached through a gateway.',
    advice: 'Name a host that is neither loopback, link-local, multicast nor an instance service.',
  },
  CATALOG_DOCUMENT_CLASH: {
    kind: 'invalid',
    title: 'Two destinations of the catalogue have the same session document name.',
    advice: 'Rename one of the hosts, for example by an alias of the platform team.',
  },
});
