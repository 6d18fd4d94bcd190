/** A small arched door in a wall: shut, or standing open when the person has access. */
export function Logo({ open, className }: { open: boolean; className?: string }) {
  return (
    <svg aria-hidden viewBox="0 0 24 24" fill="none" className={className}>
      <path d="M3 22V11a9 9 0 0 1 18 0v11Z" className="fill-accent" />
      <path d="M7 22V11.5a5 5 0 0 1 10 0V22Z" className="fill-accent-ink" />
      {open ? (
        <path
          d="M7 22V11.5a5 5 0 0 1 2-4l3.2 2.6a3 3 0 0 1 1 2.2V20Z"
          className="fill-accent"
          opacity="0.72"
        />
      ) : (
        <>
          <path d="M8.5 22V11.5a3.5 3.5 0 0 1 7 0V22Z" className="fill-accent" opacity="0.72" />
          <circle cx="13.7" cy="15.5" r="0.9" className="fill-accent-ink" />
        </>
      )}
    </svg>
  );
}
