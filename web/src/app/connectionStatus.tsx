import { type ConnectionPhase, phaseDetail, phaseWords } from "../state/connection.ts";
import { useDaylong } from "../state/context.ts";

const dots: Record<ConnectionPhase, string> = {
  connecting: "hollow",
  connected: "good",
  reconnecting: "need",
  offline: "bad",
  refused: "bad",
};

/** How the page stands to the server, in a word and a dot. */
export function ConnectionStatus() {
  const phase = useDaylong().phase.value;
  return (
    <div class="connection meta" role="status" aria-label="Connection" title={phaseDetail[phase]}>
      <span class={`dot ${dots[phase]}`} />
      <span>{phaseWords[phase]}</span>
    </div>
  );
}

/** What a person has to know while the server is away; nothing while all is well. */
export function ConnectionBanner() {
  const daylong = useDaylong();
  const phase = daylong.phase.value;
  const detail = phaseDetail[phase];
  if (daylong.wasReplaced.value)
    return (
      <div class="banner row" role="status">
        <span class="grow">
          The server’s history is another one than before, as after a restored backup. The sessions were read
          anew.
        </span>
        <button type="button" class="button" onClick={() => (daylong.wasReplaced.value = false)}>
          Understood
        </button>
      </div>
    );
  if (detail === "" || phase === "refused") return null;
  return (
    <div class="banner" role="status">
      {phaseWords[phase]}: {detail.charAt(0).toLowerCase() + detail.slice(1)}
    </div>
  );
}
