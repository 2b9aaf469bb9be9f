import { MarkdownView } from "../text/markdownView.tsx";
import type { CardParts } from "./cardParts.ts";
import { DenyButtons } from "./denyButtons.tsx";

/** A plan that Claude wants to carry out. */
export function PlanCard({ permission, isBusy, answer }: CardParts) {
  const { plan } = permission;
  return (
    <div class="stack">
      <div class="plan">
        {plan ? <MarkdownView text={plan} /> : <p>The plan stands in Claude’s last message.</p>}
      </div>
      <div class="row wrap decisions">
        <DenyButtons isBusy={isBusy} onDeny={(message) => answer({ decision: "deny", message })} />
        <button
          type="button"
          class="button primary"
          disabled={isBusy}
          data-key="allow"
          onClick={() => answer({ decision: "allow" })}
        >
          Carry it out
        </button>
      </div>
    </div>
  );
}
