import { useState } from "preact/hooks";

/** Another input than Claude gave: of a command its text, else all of it as JSON. */
export function InputEditor(props: {
  input: Record<string, unknown>;
  isBusy: boolean;
  onAllow: (input: Record<string, unknown>) => void;
  onCancel: () => void;
}) {
  const { input, isBusy, onAllow, onCancel } = props;
  const isCommand = typeof input.command === "string";
  const [text, setText] = useState(isCommand ? String(input.command) : JSON.stringify(input, null, 2));
  const [fault, setFault] = useState("");
  const allow = () => {
    if (isCommand) {
      onAllow({ ...input, command: text });
      return;
    }
    try {
      const value: unknown = JSON.parse(text);
      if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("no object");
      onAllow(value as Record<string, unknown>);
    } catch {
      setFault("This is not a JSON object.");
    }
  };
  return (
    <div class="stack">
      <textarea
        class="input code-field"
        aria-label={isCommand ? "Command" : "Input"}
        rows={Math.min(14, text.split("\n").length + 1)}
        value={text}
        spellcheck={false}
        autocapitalize="off"
        onInput={(event) => setText(event.currentTarget.value)}
      />
      {fault !== "" && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
      <div class="row wrap decisions">
        <button type="button" class="button" onClick={onCancel}>
          Do not edit
        </button>
        <button type="button" class="button primary" disabled={isBusy} onClick={allow}>
          Allow this once
        </button>
      </div>
    </div>
  );
}
