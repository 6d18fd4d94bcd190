/**
 * The gateway to lead a lease through: the first that the client did not find dead. When it found all of them dead, the one it found so longest ago
 * (`avoid` is in the order of finding): a gateway that AWS calls online may be well again. Undefined when there is none at all.
 */
export function chooseGateway<G extends { readonly instanceId: string }>(
  usable: readonly G[],
  avoid: readonly string[],
): G | undefined {
  const fresh = usable.find(({ instanceId }) => !avoid.includes(instanceId));
  if (fresh) return fresh;
  const found = (gateway: G) => avoid.lastIndexOf(gateway.instanceId);
  return [...usable].sort((a, b) => found(a) - found(b))[0];
}
