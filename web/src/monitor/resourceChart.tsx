import { useEffect, useRef } from "preact/hooks";
import { memoryInWords } from "../design/quantities.ts";
import { clockTime } from "../design/times.ts";
import type { History } from "./answers.ts";
import "uplot/dist/uPlot.min.css";
import UPlot from "uplot";

const height = 150;
/** Round numbers of memory are powers of two. */
const memorySteps = [16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096, 8_192].map((step) => step * 1_024 ** 2);

/** The pool's memory and CPU over ten minutes: a chart to be read off with the pointer. Its library is fetched with the monitor. */
export function ResourceChart({ history, memoryLimitBytes }: { history: History; memoryLimitBytes: number }) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<UPlot | undefined>(undefined);
  const { points } = history;
  const data: UPlot.AlignedData = [
    points.map(({ at }) => at / 1_000),
    points.map(({ memoryBytes }) => memoryBytes),
    points.map(({ cpuPercent }) => cpuPercent),
  ];
  const newest = useRef(data);
  newest.current = data;

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const draw = () => {
      chart.current?.destroy();
      chart.current = new UPlot(optionsFor(element, memoryLimitBytes), newest.current, element);
    };
    draw();
    const resized = new ResizeObserver(([entry]) => {
      if (entry && Math.abs(entry.contentRect.width - (chart.current?.width ?? 0)) > 1)
        chart.current?.setSize({ width: entry.contentRect.width, height });
    });
    resized.observe(element);
    // Colours come from the page's own, which follow the system.
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", draw);
    return () => {
      resized.disconnect();
      scheme.removeEventListener("change", draw);
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, [memoryLimitBytes]);
  useEffect(() => chart.current?.setData(data));

  const last = points.at(-1);
  const label = last
    ? `Memory and CPU of all processes, last ten minutes: now ${memoryInWords(last.memoryBytes)} and ${Math.round(last.cpuPercent)} %`
    : "Memory and CPU: no sample yet";
  return (
    <figure class="chart">
      <figcaption class="meta">
        <span class="key memory">Memory</span> <span class="key cpu">CPU (100 % is one core)</span>
      </figcaption>
      <div ref={place} role="img" aria-label={label} />
    </figure>
  );
}

function optionsFor(element: HTMLElement, memoryLimitBytes: number): UPlot.Options {
  const style = getComputedStyle(element);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: colour("--muted"),
    grid: { stroke: colour("--line"), width: 1 },
    ticks: { show: false },
  };
  return {
    width: Math.max(200, element.clientWidth),
    height,
    legend: { show: false },
    cursor: { drag: { x: false, y: false } },
    scales: {
      memory: { range: (_chart, _min, max) => [0, Math.max(max * 1.1, memoryLimitBytes / 4)] },
      cpu: { range: (_chart, _min, max) => [0, Math.max(100, max)] },
    },
    axes: [
      {
        ...axis,
        // Whole minutes: the labels say no more.
        incrs: [60, 120, 300],
        space: 60,
        values: (_chart, ticks) => ticks.map((tick) => clockTime(tick * 1_000)),
      },
      {
        ...axis,
        scale: "memory",
        size: 64,
        incrs: memorySteps,
        values: (_chart, ticks) => ticks.map((tick) => memoryInWords(tick)),
      },
      {
        ...axis,
        scale: "cpu",
        side: 1,
        size: 52,
        grid: { show: false },
        values: (_chart, ticks) => ticks.map((tick) => `${tick} %`),
      },
    ],
    series: [
      {},
      { label: "Memory", scale: "memory", stroke: colour("--accent"), width: 1.5, points: { show: false } },
      { label: "CPU", scale: "cpu", stroke: colour("--amber"), width: 1.5, points: { show: false } },
    ],
  };
}
