/**
 * Stands in every Allow of ssm:StartSession. Without it a call that names no document may open the account's
 * default shell unchecked, and one Allow without it opens the door that all others close.
 * https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-sessiondocumentaccesscheck.html
 */
export const documentAccessCheck = { BoolIfExists: { 'ssm:SessionDocumentAccessCheck': 'true' } } as const;
