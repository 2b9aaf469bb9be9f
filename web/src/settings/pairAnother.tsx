import { useSignal } from "@preact/signals";
import type { Answer } from "../../../client/src/index.ts";
import { spanInWords } from "../design/times.ts";
import { useDaylong, useHost } from "../state/context.ts";
import { Told } from "./told.tsx";
import { useAction } from "./useAction.ts";

interface Offered {
  code: string;
  expiresAt: number;
  pageUrl: string;
  /** Rows of the QR code, from the top. */
  modules: readonly (readonly boolean[])[];
}

/** Codes are read in two halves. */
const readable = (code: string): string => `${code.slice(0, 5)} ${code.slice(5)}`;

/** A code for another device: as a QR that its camera opens, and to type. */
export function PairAnother() {
  const daylong = useDaylong();
  const { client } = useHost();
  const action = useAction();
  const offered = useSignal<Offered | undefined>(undefined);
  const scope = useSignal<"chat" | "admin" | "read">("chat");
  const make = () =>
    action.run("Making a code", async () => {
      const answer = await client.rest.ask<Answer<"POST /api/pairing-codes">>("POST", "/api/pairing-codes", {
        scope: scope.value,
      });
      const { pageUrl } = answer;
      const { encodeQR } = await import("qr");
      offered.value = {
        code: answer.code,
        expiresAt: answer.expiresAt,
        pageUrl,
        modules: encodeQR(pageUrl, "raw", { border: 2 }),
      };
      return "";
    });
  const shown = offered.value;
  const leftMs = (shown?.expiresAt ?? 0) - daylong.now.value;
  return (
    <div class="pair-another">
      <p class="row wrap">
        <label class="field">
          <span>The new device</span>
          <select
            value={scope.value}
            onChange={(event) => {
              scope.value = event.currentTarget.value as typeof scope.value;
            }}
          >
            <option value="chat">may talk to Claude</option>
            <option value="admin">may do everything</option>
            <option value="read">may only look</option>
          </select>
        </label>
        <button type="button" class="button" disabled={action.isBusy.value} onClick={make}>
          Pair another device
        </button>
      </p>
      <Told action={action} />
      {shown && leftMs > 0 && (
        <div class="offer">
          <QrCode modules={shown.modules} label="QR code that opens this page and pairs the device" />
          <div>
            <p>
              Scan it with the other device’s camera, or open {new URL(shown.pageUrl).host} there and type
            </p>
            <p class="code">{readable(shown.code)}</p>
            <p class="meta">It works once, for another {spanInWords(leftMs)}.</p>
          </div>
        </div>
      )}
      {shown && leftMs <= 0 && <p class="meta">The code has expired: make another.</p>}
    </div>
  );
}

function QrCode({ modules, label }: { modules: readonly (readonly boolean[])[]; label: string }) {
  const size = modules.length;
  const path = modules
    .flatMap((row, y) => row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")))
    .join("");
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={label}
      shape-rendering="crispEdges"
    >
      <title>{label}</title>
      <rect width={size} height={size} fill="#ffffff" />
      <path d={path} fill="#000000" />
    </svg>
  );
}
