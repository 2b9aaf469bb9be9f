import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Answer, DaylongClient } from "../../../../client/src/index.ts";
import { count } from "../../design/quantities.ts";

type Delivery = Answer<"GET /api/metrics/delivery">;
type Latency = Delivery["ack"];

const everyMs = 10_000;

/** A latency as people read it. */
function inWords(ms: number): string {
  if (ms < 1) return "under 1 ms";
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}

function LatencyFigure({ name, hint, latency }: { name: string; hint: string; latency: Latency }) {
  const { p50Ms, p99Ms } = latency;
  return (
    <div class="figure" title={`${hint}; the latest of ${count(latency.count, "measurement")}`}>
      <dt>{name}</dt>
      <dd>
        {p50Ms === undefined || p99Ms === undefined ? (
          "none yet"
        ) : (
          <>
            {inWords(p50Ms)} <small>99 % within {inWords(p99Ms)}</small>
          </>
        )}
      </dd>
    </div>
  );
}

/** A figure that is zero as long as the server keeps its promises. */
function ZeroFigure({ name, hint, value }: { name: string; hint: string; value: number }) {
  return (
    <div class={`figure ${value > 0 ? "bad" : ""}`} title={hint}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** How long events take to screens and phones, and what got lost or came twice on the way. */
export function DeliveryFigures({ client }: { client: DaylongClient }) {
  const figures = useSignal<Delivery | undefined>(undefined);
  useEffect(() => {
    const read = () => {
      if (document.hidden) return;
      client.rest.ask<Delivery>("GET", "/api/metrics/delivery").then(
        (told) => {
          figures.value = told;
        },
        // Offline, or a server that does not measure it: what was last known stays.
        () => {},
      );
    };
    read();
    const timer = setInterval(read, everyMs);
    return () => clearInterval(timer);
  }, [client]);

  const told = figures.value;
  if (told === undefined) return null;
  const { firstFrame, ack, pushAccepted, lostTurns, twice } = told;
  return (
    <section aria-labelledby="delivery-title">
      <h2 id="delivery-title">Delivery</h2>
      <dl class="figures">
        <LatencyFigure
          name="First frame"
          hint="From an event's commit to the first connection"
          latency={firstFrame}
        />
        <LatencyFigure name="Ack" hint="From an event's commit to a device's ack" latency={ack} />
        <LatencyFigure
          name="Push accepted"
          hint="From an event's commit to the push service's acceptance, the grace for an ack included"
          latency={pushAccepted}
        />
        <ZeroFigure
          name="Lost messages"
          hint="Accepted, without an end, and nothing works on them. Should be zero."
          value={lostTurns}
        />
        <ZeroFigure
          name="Delivered twice"
          hint="Ends of turns, frames on one connection and pushes that came a second time. Should be zero."
          value={twice.ends + twice.frames + twice.pushes}
        />
      </dl>
    </section>
  );
}
