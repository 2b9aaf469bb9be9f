/** A small line of the last ten minutes; `max` is the top of its scale. */
export function Sparkline(props: { values: readonly number[]; max: number; label: string }) {
  const { values, max, label } = props;
  const [width, height] = [96, 24];
  const top = Math.max(max, ...values, 1);
  const step = values.length > 1 ? width / (values.length - 1) : width;
  const points = values.map((value, index) => {
    const y = height - 1 - (value / top) * (height - 2);
    return `${(index * step).toFixed(1)},${y.toFixed(1)}`;
  });
  return (
    <svg
      class="sparkline"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      {points.length > 1 && <polygon points={`0,${height} ${points.join(" ")} ${width},${height}`} />}
      {points.length > 1 && <polyline points={points.join(" ")} />}
    </svg>
  );
}
