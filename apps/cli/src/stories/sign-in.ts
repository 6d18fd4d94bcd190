import { Problem } from '@sallyport/problems';
import { ApiProblem, type Me } from '@sallyport/api-client';
import type { Server } from '../server/server.ts';
import { readSignIn, saveSignIn } from '../settings/token-file.ts';
import type { World } from '../world.ts';

type ServerAs = (token: string | undefined) => Promise<Server>;

const tokenBytesMax = 4096;

/** Takes a personal access token from standard input, proves it against the control plane, and keeps it. */
export async function signInByToken(world: World, serverAs: ServerAs): Promise<Me> {
  const token = (await world.stdin.readAll(tokenBytesMax)).trim();
  if (!/^[\x21-\x7e]{16,1024}$/u.test(token)) throw new Problem('TOKEN_MALFORMED');
  const server = await serverAs(token);
  const me = await server.api.readMe();
  await saveSignIn(world, server.address, { token, email: me.email });
  return me;
}

/** Asks for e-mail and password; the control plane makes a token for this machine, the password is forgotten. */
export async function signInByPrompt(world: World, serverAs: ServerAs, email?: string): Promise<Me> {
  if (!world.stdin.isTTY)
    throw new Problem('TERMINAL_REQUIRED', {
      detail: 'Signing in asks for a password, and there is no terminal; use --token-stdin.',
    });
  const prompts = await world.prompts();
  const server = await serverAs(undefined);
  const answer = await server.api.cliSignIn({
    email: email ?? (await prompts.text('E-mail')),
    password: await prompts.secret('Password'),
    deviceName: `tunnel on ${world.hostName}`.slice(0, 100),
  });
  await saveSignIn(world, server.address, {
    token: answer.token,
    tokenId: answer.tokenId,
    email: answer.me.email,
  });
  return answer.me;
}

export interface SignedOut {
  readonly wasSignedIn: boolean;
  /** Whether the token is revoked on the server too; one that was handed in is left to its owner. */
  readonly revoked: boolean;
}

/** Forgets the token of this machine; a token that `login` made itself is revoked first, if the server answers. */
export async function signOut(world: World, address: URL, serverAs: ServerAs): Promise<SignedOut> {
  const signIn = await readSignIn(world, address);
  if (!signIn) return { wasSignedIn: false, revoked: false };
  const revoked =
    signIn.tokenId === undefined ? false : await revoke(await serverAs(signIn.token), signIn.tokenId);
  await saveSignIn(world, address, undefined);
  return { wasSignedIn: true, revoked };
}

async function revoke(server: Server, tokenId: string): Promise<boolean> {
  try {
    await server.api.revokeAccessToken(tokenId);
    return true;
  } catch (error) {
    // Signing out of this machine must work without the server; the caller says that the token lives on.
    if (error instanceof Problem || error instanceof ApiProblem) return false;
    throw error;
  }
}
