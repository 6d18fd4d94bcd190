/** AWS's own chain of credential sources, by name: loaded lazily and straight from its package it would be a default export in the bundle. */
export { defaultProvider } from '@aws-sdk/credential-provider-node';
