import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../../design/icons.tsx";
import { PermissionCard } from "../../permissions/permissionCard.tsx";
import type { Chat } from "../../state/chat/chat.ts";
import { useDaylong, useHost } from "../../state/context.ts";
import { closeNotifications } from "../../state/shownNotifications.ts";
import { firstUnread, isContinued, type Line, linesOf } from "./lines.ts";
import { SaidRow, UnsentRow } from "./saidRow.tsx";
import { ToolsRow } from "./toolsRow.tsx";
import { endThresholdPx, useVirtualRows } from "./virtualRows.ts";
import { MarkRow, WordsRow } from "./wordsRow.tsx";

/** So near to the beginning older events are read. */
const olderPx = 600;
/** The server is told that the owner has read at most so often. */
const readEveryMs = 1_500;

/** The conversation. It opens at the first unread row, and follows Claude's words only while its end is in view. */
export function TranscriptView({ chat, readSeq }: { chat: Chat; readSeq?: number }) {
  const { permissions, sessions } = useHost();
  const phase = useDaylong().phase.value;
  const scroller = useRef<HTMLDivElement>(null);
  const lines = linesOf({
    rows: chat.rows.value,
    live: chat.live.value,
    liveKey: chat.liveKey.value,
    permissions: permissions.ofSession(chat.sessionId),
    waiting: chat.waiting.value,
    unsent: chat.unsent.value,
  });
  const keys = lines.map(({ key }) => key);
  const rows = useVirtualRows({ scroller, keys, estimate: (index) => estimateOf(lines[index]) });
  const isRead = chat.isRead.value;
  const [unreadKey, setUnreadKey] = useState<string>();
  const [isAtEnd, setAtEnd] = useState(true);
  /** Rows that were there when the reader left the end. */
  const [seenCount, setSeenCount] = useState(0);
  const isPlaced = useRef(false);

  useLayoutEffect(() => {
    if (isPlaced.current || !isRead || readSeq === undefined || lines.length === 0) return;
    isPlaced.current = true;
    const index = firstUnread(lines, readSeq);
    if (index > 0) {
      setUnreadKey(lines[index]?.key);
      rows.scrollToIndex(index, { align: "start" });
    } else rows.scrollToEnd();
  });

  const toEnd = () => {
    rows.scrollToEnd();
    const element = scroller.current;
    if (element) element.scrollTop = element.scrollHeight;
  };
  const sentCount = chat.sentCount.value;
  useLayoutEffect(() => {
    // Own words are looked at, wherever the reader was.
    if (sentCount > 0) toEnd();
  }, [sentCount]);

  /** By the element itself: it knows of every row that has grown since the last scroll. */
  const look = () => {
    const element = scroller.current;
    if (!element || !isPlaced.current) return;
    const atEnd = element.scrollHeight - element.scrollTop - element.clientHeight <= endThresholdPx;
    if (atEnd === isAtEnd) return;
    setAtEnd(atEnd);
    setSeenCount(lines.length);
  };
  useLayoutEffect(look);
  // A longer draft, files or a banner take room from the conversation: its end stays in view.
  const isFollowing = useRef(isAtEnd);
  isFollowing.current = isAtEnd;
  useEffect(() => {
    const element = scroller.current;
    if (!element) return;
    const watch = new ResizeObserver(() => {
      if (isPlaced.current && isFollowing.current) element.scrollTop = element.scrollHeight;
    });
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  const onScroll = () => {
    look();
    const element = scroller.current;
    if (isPlaced.current && element && element.scrollTop < olderPx && chat.hasOlder.value)
      void chat.readOlder();
  };

  // A short first page leaves nothing to scroll: what is before it is read at once.
  useEffect(() => {
    const element = scroller.current;
    if (isRead && element && chat.hasOlder.value && rows.getTotalSize() < element.clientHeight + olderPx)
      void chat.readOlder();
  });

  const { lastSeq } = chat;
  useEffect(() => {
    if (!isAtEnd || !isRead || phase !== "connected" || document.hidden) return;
    const timer = setTimeout(() => {
      // The next event says it again.
      sessions.markRead(chat.sessionId, lastSeq).catch(() => {});
      closeNotifications(chat.sessionId).catch(() => {});
    }, readEveryMs);
    return () => clearTimeout(timer);
  }, [isAtEnd, isRead, lastSeq, phase]);

  const newCount = isAtEnd ? 0 : Math.max(0, lines.length - seenCount);
  return (
    <div class="transcript-frame">
      <div
        class="transcript"
        ref={scroller}
        onScroll={onScroll}
        role="log"
        aria-label="Conversation"
        aria-busy={chat.live.value !== undefined}
        tabIndex={0}
      >
        {chat.hasOlder.value && isRead && (
          <p class="meta older" role="status">
            {chat.isReadingOlder.value ? "Reading what was before" : ""}
          </p>
        )}
        {isRead && lines.length === 0 && (
          <p class="empty-talk meta">
            Nothing was said yet. Claude works in this session’s folder, and asks before it changes anything.
          </p>
        )}
        {!isRead && (
          <p class="empty-talk meta" role="status">
            {chat.fault.value ?? "Reading the conversation"}
          </p>
        )}
        <div class="rows" style={{ height: `${rows.getTotalSize()}px` }}>
          {rows.getVirtualItems().map(({ key, index, start }) => {
            const line = lines[index];
            return (
              line && (
                <div
                  key={key}
                  class="transcript-line"
                  data-index={index}
                  ref={(element) => rows.measureElement(element)}
                  style={{ transform: `translateY(${start}px)` }}
                >
                  {line.key === unreadKey && <p class="unread-line meta">New</p>}
                  <LineView line={line} chat={chat} isContinued={isContinued(lines, index)} />
                </div>
              )
            );
          })}
        </div>
      </div>
      {!isAtEnd && (
        <button type="button" class="button jump" onClick={toEnd}>
          <Icon name="down" size={16} />
          {newCount > 0 ? `${newCount} new` : "To the end"}
        </button>
      )}
    </div>
  );
}

function LineView({ line, chat, isContinued }: { line: Line; chat: Chat; isContinued: boolean }) {
  switch (line.kind) {
    case "said":
    case "waiting":
      return <SaidRow said={line.said} chat={chat} />;
    case "words":
      return <WordsRow words={line.words} isContinued={isContinued} />;
    case "live":
      return <WordsRow live={line.live} isContinued={isContinued} />;
    case "tools":
      return <ToolsRow rowKey={line.key} tools={line.tools} chat={chat} />;
    case "mark":
      return <MarkRow mark={line.mark} chat={chat} />;
    case "permission":
      return (
        <div class="chat-permission">
          <PermissionCard permission={line.permission} />
        </div>
      );
    case "unsent":
      return <UnsentRow outgoing={line.outgoing} chat={chat} />;
  }
}

/** A first guess at a row's height, for the scroll bar of rows that were not drawn yet. */
function estimateOf(line: Line | undefined): number {
  const textLines = (text: string) =>
    Math.min(60, Math.ceil(text.length / 60) + (text.match(/\n/g)?.length ?? 0));
  switch (line?.kind) {
    case "said":
    case "waiting":
      return 56 + 24 * textLines(line.said.text);
    case "words":
      return 44 + 24 * textLines(line.words.text);
    case "live":
      return 44 + 24 * textLines(line.live.text);
    case "unsent":
      return 56 + 24 * textLines(line.outgoing.text);
    case "permission":
      return 240;
    default:
      return 44;
  }
}
