import { useState } from "preact/hooks";
import type { Session } from "../../../client/src/index.ts";
import { spanInWords } from "../design/times.ts";
import { useDaylong, useHost } from "../state/context.ts";

/** The lease is about to end, or has ended: what can be done about it, in place. */
export function ExpiryBanner({ session }: { session: Session }) {
  const daylong = useDaylong();
  const { client, sessions } = useHost();
  const [busy, setBusy] = useState<"" | "keep" | "recap">("");
  const [recap, setRecap] = useState("");
  const [fault, setFault] = useState("");
  const { sessionId, lease, state } = session;
  const isExpired = state === "expired";
  if (!isExpired && lease.warnedAt === undefined && recap === "") return null;

  const act = async (what: "keep" | "recap") => {
    setBusy(what);
    setFault("");
    try {
      if (what === "keep") await client.keepAlive(sessionId);
      else setRecap((await client.recap(sessionId)).text);
      await sessions.ask(sessionId);
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy("");
    }
  };
  const left = spanInWords(lease.expiresAt - daylong.now.value);
  const heading = isExpired ? "Session expired" : `Session expires in ${left}`;
  return (
    <div class="banner expiry" role="alert" aria-label={heading}>
      <p>
        {isExpired
          ? "This session has expired. Its conversation is kept."
          : lease.warnedAt === undefined
            ? "Kept alive for the next 24 hours."
            : `Session expires in ${left}.`}
      </p>
      <div class="row wrap">
        <button type="button" class="button" disabled={busy !== ""} onClick={() => act("keep")}>
          {isExpired ? "Bring it back" : busy === "keep" ? "Keeping alive" : "Keep alive"}
        </button>
        {!isExpired && (
          <button type="button" class="button" disabled={busy !== ""} onClick={() => act("recap")}>
            {busy === "recap" ? "Claude sums up" : "Recap"}
          </button>
        )}
        {recap !== "" && (
          <button type="button" class="button quiet" onClick={() => setRecap("")}>
            Understood
          </button>
        )}
      </div>
      {recap !== "" && <p class="recap">{recap}</p>}
      {fault !== "" && <p role="alert">{fault}</p>}
    </div>
  );
}
