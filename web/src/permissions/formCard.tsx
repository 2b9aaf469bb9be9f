import { useState } from "preact/hooks";
import type { Permission } from "../../../client/src/index.ts";
import { visible } from "../design/visibleText.ts";
import type { CardParts } from "./cardParts.ts";
import { DenyButtons } from "./denyButtons.tsx";

type Form = NonNullable<Permission["form"]>;
type Field = Form["fields"][number];
type Value = string | number | boolean | string[];

/** What a server of Claude's asks the owner to fill in, or to open. */
export function FormCard({ permission, isBusy, answer }: CardParts) {
  const { form } = permission;
  const [values, setValues] = useState<Record<string, Value>>(() =>
    Object.fromEntries(
      (form?.fields ?? []).flatMap((field) =>
        field.default === undefined ? [] : [[field.name, field.default]],
      ),
    ),
  );
  if (form === undefined) return null;
  const isComplete = form.fields.every(
    ({ name, required, type }) =>
      !required || type === "boolean" || (values[name] !== undefined && values[name] !== ""),
  );
  const send = () => {
    const given = Object.entries(values).filter(([, value]) => value !== "");
    answer({ decision: "allow", answers: Object.fromEntries(given) });
  };
  return (
    <form
      class="stack"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <p>{visible(form.message)}</p>
      {form.url !== undefined && (
        <p class="path">
          <a href={form.url} target="_blank" rel="noopener noreferrer">
            {visible(form.url)}
          </a>
        </p>
      )}
      {form.fields.map((field) => (
        <FieldInput
          key={field.name}
          field={field}
          value={values[field.name]}
          onChange={(value) => setValues({ ...values, [field.name]: value })}
        />
      ))}
      <div class="row wrap decisions">
        <DenyButtons
          name="Decline"
          isBusy={isBusy}
          onDeny={(message) => answer({ decision: "deny", message })}
        />
        <button type="submit" class="button primary" disabled={isBusy || !isComplete}>
          {form.url === undefined ? "Answer" : "I have opened it"}
        </button>
      </div>
    </form>
  );
}

function FieldInput(props: { field: Field; value: Value | undefined; onChange: (value: Value) => void }) {
  const { field, value, onChange } = props;
  const { label, type, options = [], required, min, max, format, description } = field;
  const name = `${visible(label)}${required ? "" : " (if you like)"}`;
  const hint = description && <span class="meta">{visible(description)}</span>;
  switch (type) {
    case "boolean":
      return (
        <label class="row check">
          <input
            type="checkbox"
            checked={value === true}
            onChange={(event) => onChange(event.currentTarget.checked)}
          />
          <span>
            {name} {hint}
          </span>
        </label>
      );
    case "choice":
      return (
        <label class="field">
          <span>{name}</span>
          <select
            value={typeof value === "string" ? value : ""}
            onChange={(event) => onChange(event.currentTarget.value)}
          >
            <option value="">Choose</option>
            {options.map((option) => (
              <option key={option.value} value={option.value}>
                {option.label}
              </option>
            ))}
          </select>
          {hint}
        </label>
      );
    case "choices": {
      const chosen = Array.isArray(value) ? value : [];
      return (
        <fieldset class="question">
          <legend>{name}</legend>
          {options.map((option) => (
            <label key={option.value} class="row check">
              <input
                type="checkbox"
                checked={chosen.includes(option.value)}
                onChange={(event) =>
                  onChange(
                    event.currentTarget.checked
                      ? [...chosen, option.value]
                      : chosen.filter((one) => one !== option.value),
                  )
                }
              />
              <span>{option.label}</span>
            </label>
          ))}
          {hint}
        </fieldset>
      );
    }
    case "number":
    case "integer":
      return (
        <label class="field">
          <span>{name}</span>
          <input
            type="number"
            min={min}
            max={max}
            step={type === "integer" ? 1 : "any"}
            required={required}
            value={typeof value === "number" ? value : ""}
            onInput={(event) => {
              const number = event.currentTarget.valueAsNumber;
              onChange(Number.isNaN(number) ? "" : number);
            }}
          />
          {hint}
        </label>
      );
    case "text":
      return (
        <label class="field">
          <span>{name}</span>
          <input
            inputMode={format === "email" ? "email" : format === "uri" ? "url" : "text"}
            placeholder={format === "date" ? "YYYY-MM-DD" : undefined}
            minLength={min}
            maxLength={max}
            required={required}
            value={typeof value === "string" ? value : ""}
            onInput={(event) => onChange(event.currentTarget.value)}
          />
          {hint}
        </label>
      );
  }
}
