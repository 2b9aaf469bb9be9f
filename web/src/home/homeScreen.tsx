import "./home.css";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "../design/icons.tsx";
import { PermissionCard } from "../permissions/permissionCard.tsx";
import { useDaylong, useHost } from "../state/context.ts";
import { type GroupName, groupWords, inboxGroups } from "./inboxGroups.ts";
import { NewSession } from "./newSession.tsx";
import { SessionLine } from "./sessionLine.tsx";

/** The inbox: every session, in the order in which it needs its owner, with the decisions in place. */
export function HomeScreen({ openSessionId }: { openSessionId?: string }) {
  const { sessions } = useHost();
  const phase = useDaylong().phase.value;
  const [search, setSearch] = useState("");
  const [isNew, setNew] = useState(false);
  const all = sessions.all.value;
  const groups = inboxGroups(all, search);
  const isSearching = search.trim() !== "";
  const readOlder = () => void sessions.readOlder().catch(() => {});
  const nextBefore = sessions.nextBefore.value;
  const isReadingOlder = sessions.isReadingOlder.value;
  // A search is through all of them, page after page.
  useEffect(() => {
    if (isSearching && phase === "connected") readOlder();
  }, [isSearching, phase, nextBefore]);
  if (isNew) return <NewSession onClose={() => setNew(false)} />;
  return (
    <div class="home">
      <div class="home-scroll">
        {all.length > 6 && (
          <label class="home-search">
            <Icon name="search" size={16} />
            <input
              type="search"
              aria-label="Search the sessions"
              placeholder="Search"
              value={search}
              onInput={(event) => setSearch(event.currentTarget.value)}
            />
          </label>
        )}
        <ul class="plain" aria-label="Sessions">
          {groups.map(({ name, sessions: members }) => (
            <li key={name}>
              <h2 class={`group-name ${name}`}>{groupWords[name]}</h2>
              <ul class="plain">
                {members.map((session) => (
                  <li key={session.sessionId}>
                    <SessionLine session={session} isOpen={session.sessionId === openSessionId} />
                    {/* Beside the open conversation the card stands there. */}
                    {session.sessionId !== openSessionId && (
                      <Decisions name={name} sessionId={session.sessionId} />
                    )}
                  </li>
                ))}
              </ul>
            </li>
          ))}
        </ul>
        {nextBefore !== undefined && (isSearching || groups.length > 0) && (
          <div class="home-older">
            {isReadingOlder ? (
              <p class="meta" role="status">
                Reading older sessions
              </p>
            ) : (
              <button type="button" class="button quiet" onClick={readOlder} disabled={phase !== "connected"}>
                Older sessions
              </button>
            )}
          </div>
        )}
        {groups.length === 0 && (
          <div class="home-empty">
            {!sessions.isRead.value ? (
              <p role="status">
                {phase === "offline" ? "The server does not answer." : "Reading the sessions"}
              </p>
            ) : isSearching ? (
              !isReadingOlder && <p>No session has these words.</p>
            ) : (
              <>
                <p>No session yet.</p>
                <p class="meta">
                  A session is a conversation with Claude in a folder of your computer. It lives for 24 hours
                  after your last message.
                </p>
              </>
            )}
          </div>
        )}
      </div>
      <div class="home-foot">
        <button
          type="button"
          class="button primary"
          onClick={() => setNew(true)}
          disabled={phase === "offline"}
        >
          <Icon name="plus" size={18} />
          New session
        </button>
      </div>
    </div>
  );
}

function Decisions({ name, sessionId }: { name: GroupName; sessionId: string }) {
  const { permissions } = useHost();
  if (name !== "needs") return null;
  return (
    <>
      {permissions.ofSession(sessionId).map((permission) => (
        <PermissionCard key={permission.permissionId} permission={permission} isBrief />
      ))}
    </>
  );
}
