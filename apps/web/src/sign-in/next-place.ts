/** Where to go after sign-in: the page that was asked for, if it is one of ours; never another origin. */
export function nextPlace(next: string | null): string {
  if (!next || !/^\/(?![/\\])/.test(next) || next.startsWith('/sign-in') || /[\u0000-\u001f\\]/.test(next))
    return '/';
  return next;
}
