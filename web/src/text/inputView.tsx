import { visible } from "../design/visibleText.ts";
import { linesBetween } from "./diff.ts";
import { DiffView } from "./diffView.tsx";
import { LongText } from "./markdownView.tsx";

const textOf = (value: unknown): string =>
  typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");

/** Exactly what a tool is given: a command as it would run, an edit as lines, all else by its names. */
export function InputView({ toolName, input }: { toolName: string; input: Record<string, unknown> }) {
  const { command, file_path: path, old_string: before, new_string: after, content, edits } = input;
  if (typeof command === "string") {
    const { command: _command, description, ...more } = input;
    return (
      <div class="stack">
        <pre class="command" tabIndex={0}>
          <CommandText text={visible(command)} />
        </pre>
        {typeof description === "string" && <p class="meta">{visible(description)}</p>}
        <Fields fields={more} />
      </div>
    );
  }
  if (
    typeof path === "string" &&
    (typeof after === "string" || typeof content === "string" || Array.isArray(edits))
  ) {
    const changes = Array.isArray(edits)
      ? (edits as Array<Record<string, unknown>>)
      : [{ old_string: before, new_string: after ?? content }];
    const { replace_all: all } = input;
    return (
      <div class="stack">
        <p class="path">{visible(path)}</p>
        {typeof content === "string" && <p class="meta">The whole file is written:</p>}
        {changes.map((change, index) => (
          <DiffView
            key={index}
            lines={linesBetween(textOf(change.old_string ?? ""), textOf(change.new_string ?? ""))}
          />
        ))}
        {all === true && <p class="meta">Everywhere in the file.</p>}
      </div>
    );
  }
  if (Object.keys(input).length === 0) return <p class="meta">{toolName} is given nothing.</p>;
  return <Fields fields={input} />;
}

/** Longer ones are cut into lines as they come. */
const wrappedChars = 10_000;

/** A browser ends lines behind hyphens, which would tear options apart: a word with one goes to the next line whole. */
function CommandText({ text }: { text: string }) {
  if (text.length > wrappedChars) return <>{text}</>;
  return (
    <>
      {text
        .split(/(\s+)/)
        .map((word, index) => (word.includes("-") ? <span key={index}>{word}</span> : word))}
    </>
  );
}

function Fields({ fields }: { fields: Record<string, unknown> }) {
  const entries = Object.entries(fields);
  if (entries.length === 0) return null;
  return (
    <dl class="input-fields">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt class="meta">{visible(name)}</dt>
          <dd>
            <LongText text={textOf(value)} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
