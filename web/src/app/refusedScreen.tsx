import { useDaylong, useHost } from "../state/context.ts";
import { useGo } from "../state/navigation.ts";

/** The server does not take this device any more: it was revoked, or the server has another database. */
export function RefusedScreen({ detail }: { detail: string }) {
  const daylong = useDaylong();
  const { host } = useHost();
  const go = useGo();
  const pairAgain = async () => {
    await daylong.forget(host.hostId);
    go("/pair");
  };
  return (
    <div class="sheet">
      <h1>This device is not paired any more</h1>
      <p>
        {host.name} says: {detail}
      </p>
      <p>
        It was revoked on another device, or the server has a new database. Your sessions stay on the
        computer: pair again to see them.
      </p>
      <button type="button" class="button primary" onClick={pairAgain}>
        Pair again
      </button>
    </div>
  );
}
