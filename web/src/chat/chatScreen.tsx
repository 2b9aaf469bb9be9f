import "./chat.css";
import { useEffect, useState } from "preact/hooks";
import type { DaylongClient, Session } from "../../../client/src/index.ts";
import { useDaylong, useHost } from "../state/context.ts";
import { ChatHeader } from "./chatHeader.tsx";
import { Composer } from "./composer/composer.tsx";
import { ExpiryBanner } from "./expiryBanner.tsx";
import { SessionPanel } from "./panel/sessionPanel.tsx";
import { StatusStrip } from "./statusStrip.tsx";
import { TranscriptView } from "./transcript/transcriptView.tsx";

/** Messages of the conversation from before the session, as Claude keeps them. */
const earlierShown = 100;

async function earlierMessages(client: DaylongClient, { sessionId, projectPath }: Session) {
  const { projects } = await client.projects();
  const project = projects.find(({ path }) => path === projectPath);
  if (project === undefined) return [];
  return (await client.pastMessages(project.projectId, sessionId, earlierShown)).messages;
}

/** One session: its conversation, the composer, and beside them what belongs to it. */
export function ChatScreen({ sessionId }: { sessionId: string }) {
  const daylong = useDaylong();
  const { sessions, chat: chatOf, client } = useHost();
  void daylong.logVersion.value;
  const chat = chatOf(sessionId);
  const session = sessions.get(sessionId);
  const isConnected = daylong.phase.value === "connected";
  const [isMissing, setMissing] = useState(false);
  const [isPanelOpen, setPanelOpen] = useState(false);
  /** Where the reader was when the session was opened. */
  const [readSeq, setReadSeq] = useState<number>();

  useEffect(() => {
    if (!isConnected) return;
    const open = async () => {
      const now = await sessions.ask(sessionId);
      setMissing(now === undefined);
      if (now === undefined) return;
      setReadSeq((before) => before ?? now.readSeq);
      await chat.read(now);
      // A session that was just made has nothing before it.
      if (now.turnCount === 0 && now.title === "New session") return;
      await chat.readEarlier(now.createdAt, () => earlierMessages(client, now));
    };
    // Without a connection the next one reads it.
    open().catch(() => {});
  }, [chat, isConnected]);

  useEffect(() => {
    const tell = () => client.setPresence(!document.hidden, sessionId);
    tell();
    document.addEventListener("visibilitychange", tell);
    return () => {
      document.removeEventListener("visibilitychange", tell);
      client.setPresence(!document.hidden);
    };
  }, [sessionId]);

  if (isMissing || (session === undefined && sessions.isRead.value && chat.fault.value !== undefined))
    return (
      <div class="empty">
        <h1>This session is not there</h1>
        <p>It was erased, or belongs to another computer.</p>
        <p>
          <a href="/">To the sessions</a>
        </p>
      </div>
    );
  return (
    <div class="chat" data-panel={isPanelOpen ? "open" : "closed"}>
      <div class="chat-main">
        <ChatHeader
          session={session}
          chat={chat}
          onPanel={() => setPanelOpen(!isPanelOpen)}
          isPanelOpen={isPanelOpen}
        />
        {session && <ExpiryBanner session={session} />}
        <TranscriptView chat={chat} readSeq={readSeq} />
        {session && <StatusStrip session={session} chat={chat} onOpen={() => setPanelOpen(true)} />}
        <Composer chat={chat} session={session} />
      </div>
      {session && <SessionPanel session={session} chat={chat} onClose={() => setPanelOpen(false)} />}
    </div>
  );
}
