import type { ComponentChildren } from "preact";
import { memoryInWords } from "../design/quantities.ts";
import { shortSpan } from "../design/times.ts";
import type { Active, Delivery } from "./answers.ts";

function Figure(props: { name: string; tone?: string; hint?: string; children: ComponentChildren }) {
  return (
    <div class={`figure ${props.tone ?? ""}`} title={props.hint}>
      <dt>{props.name}</dt>
      <dd>{props.children}</dd>
    </div>
  );
}

/** The pool in one row of numbers. */
export function Figures(props: {
  active: Active;
  deliveries: readonly Delivery[];
  isAdmin: boolean;
  now: number;
}) {
  const { active, deliveries, isAdmin, now } = props;
  const {
    totalSessions,
    maxSessions,
    availableSlots,
    queuedTurns,
    memoryUsageBytes,
    memoryLimitBytes,
    cpuPercent,
  } = active.stats;
  const pending = deliveries.filter(({ state }) => state === "pending");
  const oldest = Math.min(...pending.map(({ createdAt }) => createdAt ?? now));
  const lost = deliveries.filter(
    ({ state, attempts }) => state === "dead" && attempts.at(-1)?.reason !== "expired",
  ).length;
  const memoryShare = memoryUsageBytes / Math.max(1, memoryLimitBytes);
  return (
    <dl class="figures">
      <Figure name="Live" hint="Sessions that have a process, of how many there may be">
        {totalSessions} <small>of {maxSessions}</small>
      </Figure>
      <Figure name="Free" tone={availableSlots === 0 ? "need" : ""} hint="Places for another process">
        {availableSlots}
      </Figure>
      <Figure name="Waiting" tone={queuedTurns > 0 ? "need" : ""} hint="Messages that wait for a place">
        {queuedTurns}
      </Figure>
      <Figure name="Memory" tone={memoryShare > 0.9 ? "bad" : ""} hint="Of all processes, and their limit">
        {memoryInWords(memoryUsageBytes)} <small>of {memoryInWords(memoryLimitBytes)}</small>
      </Figure>
      <Figure name="CPU" hint="Of all processes; 100 % is one core">
        {Math.round(cpuPercent)} %
      </Figure>
      <Figure
        name="Unsent push"
        tone={pending.length > 0 && now - oldest > 60_000 ? "need" : ""}
        hint={`How old the oldest push is that was not sent yet, ${isAdmin ? "of all devices" : "of this device"}`}
      >
        {pending.length === 0 ? "none" : shortSpan(now - oldest)}
      </Figure>
      <Figure
        name="Lost"
        tone={lost > 0 ? "bad" : ""}
        hint={`Pushes that were given up, among the newest ${deliveries.length}. What they said is in the conversation.`}
      >
        {lost}
      </Figure>
    </dl>
  );
}
