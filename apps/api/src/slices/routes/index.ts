/** What other slices may use: the forms of keys. */
export { PublicKeyDto, SigningKeyDto } from './routes.dto.ts';
