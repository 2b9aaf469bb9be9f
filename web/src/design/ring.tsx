/** A ring that is filled to a share of the whole (0 to 1): what is left of a lease, how full the context is. */
export function Ring(props: {
  share: number;
  label: string;
  size?: number;
  tone?: "accent" | "need" | "bad";
}) {
  const { share, label, size = 20, tone = "accent" } = props;
  const filled = Math.min(1, Math.max(0, share));
  const radius = 8;
  const round = 2 * Math.PI * radius;
  return (
    <svg class={`ring ${tone}`} width={size} height={size} viewBox="0 0 20 20" role="img" aria-label={label}>
      <title>{label}</title>
      <circle class="ring-rest" cx="10" cy="10" r={radius} fill="none" stroke-width="3" />
      <circle
        class="ring-share"
        cx="10"
        cy="10"
        r={radius}
        fill="none"
        stroke-width="3"
        stroke-dasharray={`${(filled * round).toFixed(2)} ${round.toFixed(2)}`}
        stroke-linecap="round"
        transform="rotate(-90 10 10)"
      />
    </svg>
  );
}
