import { useEffect, useState } from "preact/hooks";
import type { Answer } from "../../../../client/src/index.ts";
import { visible } from "../../design/visibleText.ts";
import { useHost } from "../../state/context.ts";

export type CommandChoice = Answer<"GET /api/sessions/{id}/commands">["commands"][number];

/** Commands that are listed at once. */
const shown = 8;

export interface Commands {
  found: readonly CommandChoice[];
  chosen: number;
  /** True when the key was for the menu. */
  heed(event: KeyboardEvent, choose: (command: CommandChoice) => void): boolean;
}

/** The slash commands that the draft may mean. */
export function useCommands(sessionId: string, processId: number | undefined, text: string): Commands {
  const { client } = useHost();
  const [all, setAll] = useState<readonly CommandChoice[]>();
  const [chosen, setChosen] = useState(0);
  const [dismissed, setDismissed] = useState("");
  const typed = /^\/(\S*)$/.exec(text)?.[1]?.toLowerCase();
  const isOpen = typed !== undefined;
  useEffect(() => {
    if (!isOpen) return;
    let isWanted = true;
    client
      .session(sessionId)
      .commands()
      .then(
        (answer) => isWanted && setAll(answer),
        () => {},
      );
    return () => {
      isWanted = false;
    };
  }, [sessionId, processId, isOpen]);
  useEffect(() => setChosen(0), [typed]);
  const matching = (all ?? []).filter(
    ({ name, aliases }) =>
      typed !== undefined && [name, ...aliases].some((one) => one.toLowerCase().includes(typed)),
  );
  const byStart = matching.toSorted(
    (a, b) => Number(b.name.startsWith(typed ?? "")) - Number(a.name.startsWith(typed ?? "")),
  );
  const found = dismissed === text ? [] : byStart.slice(0, shown);
  return {
    found,
    chosen,
    heed(event, choose) {
      const command = found[chosen];
      if (command === undefined) return false;
      switch (event.key) {
        case "ArrowDown":
        case "ArrowUp": {
          const step = event.key === "ArrowDown" ? 1 : -1;
          setChosen((chosen + step + found.length) % found.length);
          break;
        }
        case "Tab":
          choose(command);
          break;
        case "Enter":
          // A command that stands there whole is sent.
          if (command.name === typed) return false;
          choose(command);
          break;
        case "Escape":
          setDismissed(text);
          break;
        default:
          return false;
      }
      event.preventDefault();
      return true;
    },
  };
}

export function CommandMenu(props: { commands: Commands; onChoose: (command: CommandChoice) => void }) {
  const { found, chosen } = props.commands;
  if (found.length === 0) return null;
  return (
    <ul class="plain command-menu" aria-label="Commands">
      {found.map((command, index) => (
        <li key={command.name}>
          <button
            type="button"
            class={index === chosen ? "chosen" : ""}
            onClick={() => props.onChoose(command)}
            // The field keeps the focus.
            onMouseDown={(event) => event.preventDefault()}
          >
            <code>/{visible(command.name)}</code> <span class="meta">{visible(command.argumentHint)}</span>
            <span class="meta clip">{visible(command.description)}</span>
          </button>
        </li>
      ))}
    </ul>
  );
}
