import { Mark } from "../design/mark.tsx";
import { useHost } from "../state/context.ts";
import { inboxGroups, inboxInWords } from "./inboxGroups.ts";

const keys: Array<[string[], string]> = [
  [["j", "k"], "next and previous session"],
  [["a", "d"], "allow once, deny"],
  [["/"], "write, and commands"],
  [["Esc"], "stop the answer"],
];

/** What stands beside the list of sessions while none of them is open: how they are, and the keys. */
export function Overview() {
  const { sessions } = useHost();
  const [need, ...rest] = inboxInWords(inboxGroups(sessions.all.value, ""));
  return (
    <div class="empty overview">
      <Mark size={48} />
      <p class="overview-need">{need}</p>
      {rest.length > 0 && <p>{rest.join(" ")}</p>}
      <dl class="keys">
        {keys.map(([names, what]) => (
          <div key={what}>
            <dt>
              {names.map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
