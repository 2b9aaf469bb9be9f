import { useState } from "preact/hooks";
import { visible } from "../design/visibleText.ts";
import type { CardParts } from "./cardParts.ts";
import { DenyButtons } from "./denyButtons.tsx";

interface Question {
  question: string;
  header?: string;
  multiSelect?: boolean;
  options?: Array<{ label: string; description?: string }>;
}

/** Questions with answers to choose from; an own answer can always be written. */
export function QuestionCard({ permission, isBusy, isBrief, answer }: CardParts) {
  const [isWide, setWide] = useState(!isBrief);
  const questions = (permission.questions ?? []) as Question[];
  const [chosen, setChosen] = useState<Record<string, string[]>>({});
  const [written, setWritten] = useState<Record<string, string>>({});
  const answerOf = (question: string): string => {
    const own = (written[question] ?? "").trim();
    return [...(chosen[question] ?? []), ...(own === "" ? [] : [own])].join(", ");
  };
  const isComplete = questions.every(({ question }) => answerOf(question) !== "");
  const send = (last?: { question: string; label: string }) => {
    const answers = Object.fromEntries(
      questions.map(({ question }) => [
        question,
        last?.question === question ? last.label : answerOf(question),
      ]),
    );
    answer({ decision: "allow", answers });
  };
  const [only] = questions;
  // One question with one answer is answered with one tap.
  const isOneTap = questions.length === 1 && only?.multiSelect !== true;
  const choose = ({ question, multiSelect }: Question, label: string) => {
    if (isOneTap) {
      send({ question, label });
      return;
    }
    const before = chosen[question] ?? [];
    const isChosen = before.includes(label);
    const after = multiSelect
      ? isChosen
        ? before.filter((one) => one !== label)
        : [...before, label]
      : [label];
    setChosen({ ...chosen, [question]: after });
  };
  return (
    <div class="stack">
      {questions.map((one) => (
        <fieldset key={one.question} class="question">
          <legend>{visible(one.question)}</legend>
          <div class={isWide ? "options" : "options brief"}>
            {(one.options ?? []).map(({ label, description }) => (
              <button
                key={label}
                type="button"
                class="option"
                disabled={isBusy}
                aria-pressed={isOneTap ? undefined : (chosen[one.question] ?? []).includes(label)}
                onClick={() => choose(one, label)}
              >
                <span>{visible(label)}</span>
                {description && isWide && <span class="meta">{visible(description)}</span>}
              </button>
            ))}
          </div>
          {isWide && (
            <input
              class="input"
              aria-label={`Own answer: ${one.question}`}
              placeholder="Own answer"
              value={written[one.question] ?? ""}
              onInput={(event) => setWritten({ ...written, [one.question]: event.currentTarget.value })}
              onKeyDown={(event) => {
                if (event.key === "Enter" && !event.isComposing && isComplete) send();
              }}
            />
          )}
        </fieldset>
      ))}
      <div class="row wrap decisions">
        <DenyButtons
          isBusy={isBusy}
          isBrief={!isWide}
          onDeny={(message) => answer({ decision: "deny", message })}
        />
        {!isWide && (
          <button type="button" class="button quiet" onClick={() => setWide(true)}>
            Own answer
          </button>
        )}
        {(!isOneTap || isComplete) && (
          <button
            type="button"
            class="button primary"
            disabled={isBusy || !isComplete}
            onClick={() => send()}
          >
            Answer
          </button>
        )}
      </div>
    </div>
  );
}
