/** Every command of the dashboard. A client never writes a state; it asks, and the answer is the new state. */
import { api } from './api.ts';

export interface NewAccessRequest {
  resources: string[];
  durationSeconds: number;
  reason: string;
}

export interface NewExtension {
  durationSeconds: number;
  reason?: string | undefined;
  /** The end on the screen: pressing twice extends once. */
  seenEndsAt: string;
}

export interface NewReview {
  verdict: 'approve' | 'deny';
  /** Digest of the facts that were on the screen: the answer holds for these and no others. */
  factsDigest: string;
  comment?: string;
  durationSeconds?: number;
}

export const signIn = (email: string, password: string) => api.signIn({ email, password });
export const signOut = () => api.signOut();
export const submitRequest = (request: NewAccessRequest) => api.submitAccessRequest(request);
export const cancelRequest = (id: string) => api.cancelAccessRequest(id);
export const recordReview = (id: string, review: NewReview) => api.recordReview(id, review);
export const extendGrant = (id: string, extension: NewExtension) => api.extendGrant(id, extension);
export const returnGrant = (id: string) => api.returnGrant(id);
export const revokeGrant = (id: string, reason: string) => api.revokeGrant(id, reason);
export const terminateSession = (id: string, reason: string) => api.terminateSession(id, reason);
/** Asks the hosts; changes nothing. */
export const planAccounts = (gateway: string) => api.planAccounts(gateway);
/** Does exactly what the plan of this digest showed. */
export const applyAccounts = (gateway: string, digest: string) => api.applyAccounts(gateway, digest);
