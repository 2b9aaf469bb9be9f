import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Answer } from "../../../client/src/index.ts";
import { useDaylong, useHost } from "../state/context.ts";
import { Deliveries } from "./delivery/deliveries.tsx";
import { DeliveryFigures } from "./delivery/deliveryFigures.tsx";
import { Figures } from "./figures.tsx";
import { Incidents } from "./incidents.tsx";
import { Limits } from "./limits/limits.tsx";
import { LiveSessions } from "./liveSessions.tsx";
import { AuditLog, LifecycleLog, titlesOf } from "./logs.tsx";
import { MonitorFeed } from "./monitorFeed.ts";
import { ResourceChart } from "./resourceChart.tsx";
import { UsageSection } from "./usage.tsx";
import "./monitor.css";

/** What the pool does, and the owner's hands on it. */
export function MonitorScreen() {
  const daylong = useDaylong();
  const { client, sessions } = useHost();
  const scope = daylong.me.value?.scope;
  const isAdmin = scope === "admin";
  const devices = useSignal<ReadonlyMap<string, string>>(new Map());
  const feed = useMemo(() => new MonitorFeed({ client, isAdmin }), [client, isAdmin]);
  useEffect(() => {
    if (scope === undefined) return;
    feed.start();
    if (isAdmin)
      client.rest
        .ask<Answer<"GET /api/devices">>("GET", "/api/devices")
        .then((answer) => {
          devices.value = new Map(answer.devices.map(({ deviceId, name }) => [deviceId, name]));
        })
        .catch(() => {});
    return () => feed.stop();
  }, [feed, scope]);

  const now = daylong.now.value;
  const active = feed.active.value;
  const history = feed.history.value;
  const usage = feed.usage.value;
  const settings = feed.settings.value;
  if (active === undefined)
    return (
      <div class="screen">
        <h1>Monitor</h1>
        <p class="meta" role="status">
          Reading what the server does
        </p>
      </div>
    );
  return (
    <div class="screen monitor">
      <h1>Monitor</h1>
      {!isAdmin && (
        <p class="meta note">
          This device has the scope “{scope}”: limits, the audit log and other devices’ pushes are hidden
          {scope === "read" ? ", and so is what acts on sessions" : ""}. On the computer, “daylong pair
          --scope admin” makes a code for a device that sees all.
        </p>
      )}
      <Figures active={active} deliveries={feed.deliveries.value} isAdmin={isAdmin} now={now} />
      <LiveSessions
        sessions={active.sessions}
        history={history}
        canAct={scope !== "read"}
        now={now}
        changed={() => void feed.readLive().catch(() => {})}
      />
      {history && <ResourceChart history={history} memoryLimitBytes={active.stats.memoryLimitBytes} />}
      <DeliveryFigures client={client} />
      <div class="columns">
        <Incidents
          health={feed.health.value}
          sessions={sessions.all.value}
          lifecycle={feed.lifecycle.value}
          now={now}
        />
        <LifecycleLog events={feed.lifecycle.value} titleOf={titlesOf(sessions.all.value)} now={now} />
        {usage && <UsageSection usage={usage} now={now} />}
        <div>
          <Deliveries deliveries={feed.deliveries.value} isAdmin={isAdmin} now={now} />
          {isAdmin && (
            <AuditLog
              entries={feed.audit.value}
              deviceName={(deviceId) => devices.value.get(deviceId) ?? "A revoked device"}
              now={now}
            />
          )}
        </div>
      </div>
      {settings && <Limits feed={feed} settings={settings} />}
    </div>
  );
}
