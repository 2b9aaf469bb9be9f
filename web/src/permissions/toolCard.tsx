import { useState } from "preact/hooks";
import { Icon } from "../design/icons.tsx";
import { visible } from "../design/visibleText.ts";
import { InputView } from "../text/inputView.tsx";
import type { CardParts } from "./cardParts.ts";
import { DenyButtons } from "./denyButtons.tsx";
import { InputEditor } from "./inputEditor.tsx";
import { rulesOf } from "./rules.ts";

/** A longer input is folded where there is little room; it has to be opened before it can be allowed. */
const briefChars = 600;

/** A tool that may not run by itself: what exactly would run, and for how long an allow holds. */
export function ToolCard({ permission, isBusy, isBrief, answer }: CardParts) {
  const { toolName, input, description, scopes, lookFirst } = permission;
  const size = JSON.stringify(input).length;
  const isLong = size > briefChars;
  const [isOpen, setOpen] = useState(!isBrief || !isLong);
  const [hasLooked, setLooked] = useState(false);
  const [isMore, setMore] = useState(false);
  /** Where there is little room, what is rarely chosen waits for a tap. */
  const [isWide, setWide] = useState(!isBrief);
  const [isEditing, setEditing] = useState(false);
  const rules = rulesOf(permission);
  const mustLook = (lookFirst && !hasLooked) || !isOpen;
  const open = () => {
    setOpen(true);
    setLooked(true);
  };
  if (isEditing)
    return (
      <InputEditor
        input={input}
        isBusy={isBusy}
        onCancel={() => setEditing(false)}
        onAllow={(updatedInput) => answer({ decision: "allow", updatedInput, scope: "once" })}
      />
    );
  return (
    <div class="stack">
      {description && description !== input.description && <p>{visible(description)}</p>}
      <div class={isOpen ? "permission-input" : "permission-input folded"}>
        <InputView toolName={toolName} input={input} />
      </div>
      {lookFirst && !hasLooked && (
        <p class="look-first">
          Look at all of it first: something in it is hidden or long, or Claude itself would say no.
        </p>
      )}
      <div class="row wrap decisions">
        <DenyButtons
          isBusy={isBusy}
          isBrief={!isWide}
          onDeny={(message) => answer({ decision: "deny", message })}
        />
        {mustLook ? (
          <button type="button" class="button primary" onClick={open}>
            {isOpen ? "I have looked" : "Show all of it"}
          </button>
        ) : (
          <button
            type="button"
            class="button primary"
            disabled={isBusy}
            data-key="allow"
            onClick={() => answer({ decision: "allow", scope: "once" })}
          >
            Allow once
          </button>
        )}
        {!isWide && !mustLook && (
          <button
            type="button"
            class="button quiet icon"
            aria-label="More choices"
            onClick={() => setWide(true)}
          >
            <Icon name="more" />
          </button>
        )}
      </div>
      {!mustLook && isWide && (
        <div class="row wrap">
          {scopes.includes("session") && (
            <button
              type="button"
              class="button small"
              disabled={isBusy}
              onClick={() => answer({ decision: "allow", scope: "session" })}
            >
              Allow for this session
            </button>
          )}
          {scopes.includes("always") && (
            <button
              type="button"
              class="button small"
              disabled={isBusy}
              aria-describedby={rules.length > 0 ? `rules-${permission.permissionId}` : undefined}
              onClick={() => answer({ decision: "allow", scope: "always" })}
            >
              Always allow
            </button>
          )}
          <button type="button" class="button small" disabled={isBusy} onClick={() => setEditing(true)}>
            {typeof input.command === "string" ? "Edit the command" : "Edit the input"}
          </button>
        </div>
      )}
      {!mustLook && isWide && scopes.includes("always") && rules.length > 0 && (
        <p class="meta" id={`rules-${permission.permissionId}`}>
          Always:{" "}
          {rules.slice(0, isMore ? rules.length : 3).map((rule) => (
            <code key={rule}>{visible(rule)} </code>
          ))}
          {rules.length > 3 && !isMore && (
            <button type="button" class="button quiet small" onClick={() => setMore(true)}>
              {rules.length - 3} more
            </button>
          )}
        </p>
      )}
    </div>
  );
}
