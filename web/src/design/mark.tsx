/** The mark of the program: a day that is two thirds over, with the session in its middle. */
export function Mark({ size = 20 }: { size?: number }) {
  return (
    <svg
      class="mark-sign"
      width={size}
      height={size}
      viewBox="0 0 32 32"
      aria-hidden="true"
      focusable="false"
    >
      <circle class="mark-rest" cx="16" cy="16" r="12" fill="none" stroke-width="4" />
      <path
        class="mark-day"
        d="M16 4a12 12 0 1 1-10.4 18"
        fill="none"
        stroke-width="4"
        stroke-linecap="round"
      />
      <circle class="mark-session" cx="16" cy="16" r="3.6" />
    </svg>
  );
}
