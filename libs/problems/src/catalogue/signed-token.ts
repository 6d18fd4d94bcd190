import { entries } from '../catalogue-entry.ts';

const again = 'Connect again; if it stays, an administrator can check clocks and signing keys.';

/** Why a signed token (agent token, route grant, call of an agent, set of keys) is refused. */
export const signedToken = entries({
  SIGNED_TOKEN_MALFORMED: {
    kind: 'refused',
    title: 'The signed token has not the agreed form.',
    advice: again,
  },
  SIGNED_TOKEN_TYPE_WRONG: {
    kind: 'refused',
    title: 'The signed token was made for another purpose.',
    advice: again,
  },
  SIGNED_TOKEN_KEY_UNKNOWN: {
    kind: 'refused',
    title: 'The signed token is signed with a key that is not trusted here.',
    advice: 'Compare the fingerprints of the signing keys; an administrator can enrol this side again.',
  },
  SIGNED_TOKEN_SIGNATURE_WRONG: {
    kind: 'refused',
    title: 'The signature of the token is wrong.',
    advice: again,
  },
  SIGNED_TOKEN_ISSUER_WRONG: {
    kind: 'refused',
    title: 'The signed token comes from another control plane.',
    advice: again,
  },
  SIGNED_TOKEN_AUDIENCE_WRONG: {
    kind: 'refused',
    title: 'The signed token is meant for somebody else.',
    advice: again,
  },
  SIGNED_TOKEN_NOT_YET_VALID: {
    kind: 'refused',
    title: 'The signed token is not valid yet.',
    advice: 'Check the clocks of this machine and of the control plane.',
  },
  SIGNED_TOKEN_EXPIRED: {
    kind: 'refused',
    title: 'The signed token has expired.',
    advice: again,
  },
  SIGNED_TOKEN_LIFETIME_TOO_LONG: {
    kind: 'refused',
    title: 'The signed token would be valid for longer than its kind may be.',
    advice: again,
  },
  SIGNED_TOKEN_HOLDER_WRONG: {
    kind: 'refused',
    title: 'The signed token belongs to the holder of another key.',
    advice: again,
  },
  SIGNED_TOKEN_REQUEST_WRONG: {
    kind: 'refused',
    title: 'The signature belongs to another request.',
    advice: again,
  },
});
