import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/** What a server sent, under the name of its kind: the type of a frame or event, a problem's code, a route and status. */
export interface Sample {
  kind: "frames" | "events" | "problems" | "answers";
  name: string;
  body: unknown;
}

/** Where `scripts/golden-fixtures` wants the samples of a run; without it nothing is kept. */
const folder = process.env.RECORD_SAMPLES_IN;
const seenShapes = new Set<string>();

/** Keeps a sample for the golden fixtures, once for each shape of a kind, a line each in a file of this process. */
export function recordSample(sample: Sample): void {
  if (folder === undefined) return;
  // A page of the log shows events as well as a frame does.
  if (sample.kind === "answers")
    for (const event of eventsOf(sample.body))
      recordSample({ kind: "events", name: event.type, body: event });
  const shape = `${sample.kind} ${sample.name} ${shapeOf(sample.body).join(" ")}`;
  if (seenShapes.has(shape)) return;
  seenShapes.add(shape);
  mkdirSync(folder, { recursive: true });
  appendFileSync(join(folder, `${process.pid}.jsonl`), `${JSON.stringify(sample)}\n`);
}

const eventsOf = (body: unknown): Array<{ type: string }> => {
  const events = typeof body === "object" && body !== null && "events" in body ? body.events : [];
  return Array.isArray(events)
    ? events.filter((event) => typeof event?.type === "string" && "cursor" in event)
    : [];
};

/** Every path inside a value with the type found there, sorted; the elements of a list share one path. */
export function shapeOf(value: unknown): string[] {
  const paths = new Set<string>();
  const walk = (node: unknown, path: string): void => {
    if (Array.isArray(node)) {
      for (const element of node) walk(element, `${path}[]`);
      paths.add(`${path}:array`);
    } else if (typeof node === "object" && node !== null) {
      for (const [key, field] of Object.entries(node)) walk(field, `${path}.${key}`);
    } else {
      paths.add(`${path}:${node === null ? "null" : typeof node}`);
    }
  };
  walk(value, "");
  return [...paths].sort();
}
