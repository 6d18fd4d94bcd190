/** Longest life of a personal access token: a quarter, so that a forgotten one ends by itself. */
export const accessTokenDaysMax = 90;
/** A name fits one line of a list. */
export const accessTokenNameCharactersMax = 100;
/** Most tokens of one person that are active at once. */
export const accessTokensPerPersonMax = 50;
/** Longer passwords only cost time: argon2 reads every byte. */
export const passwordCharactersMax = 1_024;
/** A token made by `tunnel login` lives as long as a browser's sign-in may. */
export const cliTokenLifeMs = 12 * 3_600_000;
/** A browser that is quiet for this long is signed out. */
export const signInIdleMs = 30 * 60_000;
/** A browser is signed out after this long whatever it does. */
export const signInLifeMs = 12 * 3_600_000;
/** `last seen` is written at most this often, so that reads stay reads. */
export const lastSeenEveryMs = 60_000;
/** Failed sign-ins per account within the window, before further ones are refused unseen. */
export const failuresPerAccountMax = 10;
/** Failed sign-ins per address within the window: several people may share one address. */
export const failuresPerAddressMax = 100;
/** The window in which failures count. */
export const failureWindowMs = 60_000;
