import { useState } from "preact/hooks";

/** Deny at once, or with a word that Claude reads. */
export function DenyButtons(props: {
  isBusy: boolean;
  onDeny: (message?: string) => void;
  name?: string;
  /** Only the plain denial. */
  isBrief?: boolean;
}) {
  const { isBusy, onDeny, name = "Deny", isBrief = false } = props;
  const [isTyping, setTyping] = useState(false);
  const [word, setWord] = useState("");
  if (!isTyping)
    return (
      <>
        <button type="button" class="button" disabled={isBusy} data-key="deny" onClick={() => onDeny()}>
          {name}
        </button>
        {!isBrief && (
          <button type="button" class="button quiet" disabled={isBusy} onClick={() => setTyping(true)}>
            {name} with a word
          </button>
        )}
      </>
    );
  return (
    <div class="deny-word">
      <input
        class="input"
        aria-label="What Claude should do instead"
        placeholder="What Claude should do instead"
        value={word}
        maxLength={2_000}
        onInput={(event) => setWord(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.isComposing && word.trim() !== "") onDeny(word);
          if (event.key === "Escape") setTyping(false);
        }}
        ref={(element) => element?.focus()}
      />
      <button
        type="button"
        class="button"
        disabled={isBusy || word.trim() === ""}
        onClick={() => onDeny(word)}
      >
        {name} and say so
      </button>
    </div>
  );
}
