import type { CatalogueEntry } from './catalogue-entry.ts';
import { agent } from './catalogue/agent.ts';
import { catalog } from './catalogue/catalog.ts';
import { commandLine } from './catalogue/command-line.ts';
import { daemon } from './catalogue/daemon.ts';
import { database } from './catalogue/database.ts';
import { general } from './catalogue/general.ts';
import { installation } from './catalogue/installation.ts';
import { aws } from './catalogue/aws.ts';
import { configuration } from './catalogue/configuration.ts';
import { extension } from './catalogue/extension.ts';
import { flow } from './catalogue/flow.ts';
import { gateway } from './catalogue/gateway.ts';
import { helper } from './catalogue/helper.ts';
import { identity } from './catalogue/identity.ts';
import { lease } from './catalogue/lease.ts';
import { osUsers } from './catalogue/os-users.ts';
import { session } from './catalogue/session.ts';
import { server } from './catalogue/server.ts';
import { recording } from './catalogue/recording.ts';
import { request } from './catalogue/request.ts';
import { review } from './catalogue/review.ts';
import { grant } from './catalogue/grant.ts';
import { resource } from './catalogue/resource.ts';
import { plugin } from './catalogue/plugin.ts';
import { route } from './catalogue/route.ts';
import { signedToken } from './catalogue/signed-token.ts';
import { signer } from './catalogue/signer.ts';
import { ssh } from './catalogue/ssh.ts';
import { store } from './catalogue/store.ts';
import { tunnel } from './catalogue/tunnel.ts';
import { modes } from './catalogue/modes.ts';
import { sandbox } from './catalogue/sandbox.ts';

/** Every code of the product. Codes are never renamed or reused; one file per noun beside this one. */
export const catalogue = {
  ...general,
  ...catalog,
  ...daemon,
  ...database,
  ...installation,
  ...aws,
  ...configuration,
  ...gateway,
  ...identity,
  ...lease,
  ...osUsers,
  ...session,
  ...server,
  ...recording,
  ...request,
  ...review,
  ...grant,
  ...extension,
  ...resource,
  ...ssh,
  ...store,
  ...commandLine,
  ...tunnel,
  ...modes,
  ...sandbox,
  ...agent,
  ...flow,
  ...helper,
  ...plugin,
  ...route,
  ...signedToken,
  ...signer,
} as const;

export type ProblemCode = keyof typeof catalogue;

/** The entry of a code, or undefined for a code this version does not know. */
export function entryOf(code: string): CatalogueEntry | undefined {
  return Object.hasOwn(catalogue, code) ? catalogue[code as ProblemCode] : undefined;
}
