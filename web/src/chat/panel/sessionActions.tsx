import { useState } from "preact/hooks";
import type { Answer, Session, SessionChange } from "../../../../client/src/index.ts";
import { Icon } from "../../design/icons.tsx";
import { useHost } from "../../state/context.ts";
import { modeWords } from "../../state/modeWords.ts";
import { useGo } from "../../state/navigation.ts";

type Models = Answer<"GET /api/models">;

/** What can be done with the session as a whole. */
export function SessionActions({ session }: { session: Session }) {
  const { client, sessions } = useHost();
  const go = useGo();
  const [fault, setFault] = useState("");
  const [isClosing, setClosing] = useState(false);
  const [models, setModels] = useState<Models>();
  const [isOpen, setOpen] = useState(false);
  const { sessionId } = session;
  const handle = client.session(sessionId);

  const act = async (action: () => Promise<unknown>) => {
    setFault("");
    try {
      await action();
      await sessions.ask(sessionId);
    } catch (error) {
      setFault(error instanceof Error ? error.message : String(error));
    }
  };
  const update = (change: SessionChange) => act(() => handle.update(change));
  const toggle = () => {
    setOpen(!isOpen);
    if (!isOpen && models === undefined) client.models().then(setModels, () => {});
  };
  const close = async () => {
    await act(() => handle.close());
    go("/");
  };

  return (
    <section class="panel-section" aria-label="Settings of the session">
      <button type="button" class="section-fold" aria-expanded={isOpen} onClick={toggle}>
        <Icon name="fold" size={14} />
        <h3>Settings of the session</h3>
      </button>
      {isOpen && (
        <div class="stack">
          <label class="field">
            <span>Title</span>
            <input
              defaultValue={session.title}
              maxLength={200}
              onChange={(event) => update({ title: event.currentTarget.value })}
            />
          </label>
          <label class="field">
            <span>Model</span>
            <select
              value={session.model ?? ""}
              onChange={(event) =>
                update({ model: event.currentTarget.value === "" ? null : event.currentTarget.value })
              }
            >
              <option value="">Default</option>
              {models?.models.map(({ id, name }) => (
                <option key={id} value={id}>
                  {name}
                </option>
              ))}
            </select>
          </label>
          <label class="field">
            <span>Mode</span>
            <select
              value={session.permissionMode}
              onChange={(event) =>
                update({ permissionMode: event.currentTarget.value as Session["permissionMode"] })
              }
            >
              {[...new Set([session.permissionMode, ...(models?.modes ?? [])])].map((mode) => (
                <option key={mode} value={mode}>
                  {modeWords[mode]}
                </option>
              ))}
            </select>
          </label>
          <label class="row check">
            <input
              type="checkbox"
              checked={session.autoKeepAlive}
              onChange={(event) => update({ autoKeepAlive: event.currentTarget.checked })}
            />
            <span>Keep alive by itself</span>
          </label>
          <label class="row check">
            <input
              type="checkbox"
              checked={session.muted}
              onChange={(event) => update({ muted: event.currentTarget.checked })}
            />
            <span>Mute notifications</span>
          </label>
        </div>
      )}
      <div class="row wrap">
        <button
          type="button"
          class="button small"
          title="Ends the process; the conversation stays"
          disabled={session.process === undefined}
          onClick={() => act(() => handle.park())}
        >
          End
        </button>
        {isClosing ? (
          <>
            <button type="button" class="button small danger" onClick={close}>
              Close for good
            </button>
            <button type="button" class="button small" onClick={() => setClosing(false)}>
              Keep
            </button>
          </>
        ) : (
          <button
            type="button"
            class="button small"
            title="Ends the session for good"
            onClick={() => setClosing(true)}
          >
            Close
          </button>
        )}
      </div>
      {fault !== "" && (
        <p class="fault" role="alert">
          {fault}
        </p>
      )}
    </section>
  );
}
