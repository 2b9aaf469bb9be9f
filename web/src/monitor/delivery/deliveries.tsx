import { Time } from "../../design/time.tsx";
import type { Delivery } from "../answers.ts";
import { MoreList } from "../moreList.tsx";
import { kindWords, outcomeOf, tookMs, whyNoRing } from "./deliveryWords.ts";

/** What became of each push, how long it took, and why it did not ring. */
export function Deliveries(props: { deliveries: readonly Delivery[]; isAdmin: boolean; now: number }) {
  const { deliveries, isAdmin, now } = props;
  return (
    <section aria-labelledby="deliveries-title">
      <h2 id="deliveries-title">{isAdmin ? "Pushes" : "Pushes to this device"}</h2>
      {deliveries.length === 0 ? (
        <p class="meta">
          No push was due yet. A device gets pushes when notifications are on in its Settings, and nobody
          looks at what has happened.
        </p>
      ) : (
        <MoreList
          name="Push log"
          items={deliveries}
          draw={(delivery) => {
            const { words, tone } = outcomeOf(delivery);
            const took = tookMs(delivery);
            const why = whyNoRing(delivery, now);
            const at = delivery.createdAt ?? delivery.attempts.at(-1)?.at;
            return (
              <li key={delivery.deliveryId}>
                <span class="meta when">{at === undefined ? "" : <Time at={at} now={now} />}</span>
                <span>
                  <span class="row wrap">
                    <span class={`dot ${tone === "" ? "hollow" : tone}`} />
                    <strong>{kindWords(delivery.kind)}</strong>
                    {delivery.deviceName !== undefined && <span class="meta">to {delivery.deviceName}</span>}
                    <span>{words}</span>
                    {took !== undefined && <span class="meta number">{Math.round(took)} ms</span>}
                    {delivery.attempts.length > 1 && (
                      <span class="meta">{delivery.attempts.length} tries</span>
                    )}
                  </span>
                  {why !== "" && <span class="meta">{why}</span>}
                </span>
              </li>
            );
          }}
        />
      )}
    </section>
  );
}
