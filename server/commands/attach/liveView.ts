import type { LinkState, Session } from "../../../client/src/index.ts";
import { cellText, spanText } from "../framework/table.ts";
import type { Question } from "./asking/question.ts";
import type { CommandMenu } from "./slashCommands.ts";
import type { Editor } from "./terminal/editor.ts";
import { type Canvas, layOut, layOutLine, type Span, type TerminalLine } from "./terminal/layout.ts";
import type { LiveLines } from "./terminal/screen.ts";
import { widthOf } from "./terminal/textWidth.ts";
import type { Transcript } from "./transcript.ts";

/** Everything that the lines below the conversation show. */
export interface LiveState {
  session: Session;
  transcript: Transcript;
  link: LinkState;
  /** Words that are being spoken, as far as they are not printed. */
  speaking: readonly TerminalLine[];
  /** Messages that the server has not accepted yet. */
  unsent: readonly string[];
  question: Question | undefined;
  /** Whether keys go to the question; else they go to the editor. */
  isAnswering: boolean;
  /** Whether its keys answer already: it has stood there for a moment. */
  isArmed: boolean;
  editor: Editor;
  menu: CommandMenu;
  /** A word about the last key, until the next one. */
  hint: string | undefined;
  now: number;
}

const spinner = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const spinnerMs = 200;
/** With less than this left of its lease a session's end is told. */
const soonMs = 4 * 3_600_000;
/** Lines of the editor, of what is waiting, and of tools at work. */
const most = { editor: 8, waiting: 3, tools: 4 };

/** The lines below the conversation: words being spoken, what is at work, a question or the editor, the state. */
export function liveLines(state: LiveState, canvas: Canvas, rows: number): LiveLines {
  const lines = [...state.speaking, ...workLines(state, canvas), ...waitingLines(state, canvas)];
  const question = questionLines(state, canvas);
  lines.push(...question.lines);
  const editor = state.editor.view(canvas, Math.min(most.editor, rows - 3), editorHint(state));
  const editorRow = lines.length;
  lines.push(...editor.lines, ...menuLines(state.menu, canvas), statusLine(state, canvas));
  const cursor =
    question.cursor ?? (state.isAnswering ? undefined : { row: editor.row, column: editor.column });
  if (cursor === undefined) return { lines };
  const base = question.cursor === undefined ? editorRow : editorRow - question.lines.length;
  return { lines, cursor: { row: base + cursor.row, column: cursor.column } };
}

function workLines({ transcript, now }: LiveState, canvas: Canvas): TerminalLine[] {
  const { runningTurn, work } = transcript;
  if (runningTurn === undefined) return [];
  const sign = spinner[Math.floor(now / spinnerMs) % spinner.length] ?? "";
  const span = spanText(now - runningTurn.startedAt);
  const first: Span[] = [
    { text: `${sign} `, looks: ["yellow"] },
    { text: "Claude works", looks: ["bold"] },
    { text: ` · ${span} · Ctrl-C interrupts`, looks: ["dim"] },
  ];
  const shown = work
    .slice(0, most.tools)
    .map((title) => layOutLine([{ text: `  ${title}`, looks: ["dim"] }], canvas));
  return [...layOut([], canvas), layOutLine(first, canvas), ...shown];
}

function waitingLines({ transcript, unsent }: LiveState, canvas: Canvas): TerminalLine[] {
  const waiting = [
    ...transcript.waiting.map(({ text }) => `⋯ waits: ${text}`),
    ...unsent.map((text) => `⋯ not sent yet: ${text}`),
  ];
  return waiting.slice(0, most.waiting).map((text) => layOutLine([{ text, looks: ["dim"] }], canvas));
}

function questionLines(
  { question, isAnswering, isArmed, transcript }: LiveState,
  canvas: Canvas,
): LiveLines & { lines: TerminalLine[] } {
  if (question === undefined) return { lines: [] };
  const { words, choices, field } = question.view();
  const bar: Span = { text: "┃ ", looks: ["yellow"] };
  const indents = { first: [bar], rest: [bar] };
  const lines = [...layOut([], canvas), ...words.flatMap((spans) => layOut(spans, canvas, indents))];
  if (field !== undefined) {
    const shown = layOut(
      [{ text: `${field.name}: `, looks: ["cyan"] }, { text: field.text }],
      canvas,
      indents,
      true,
    );
    const column =
      layOut(
        [{ text: `${field.name}: ${field.text}` }],
        { width: canvas.width, hasColors: false },
        indents,
        true,
      ).at(-1) ?? "";
    lines.push(...shown);
    return { lines, cursor: { row: lines.length - 1, column: Math.min(canvas.width - 1, widthOf(column)) } };
  }
  const more =
    transcript.openPermissions > 1
      ? [{ text: `  (${transcript.openPermissions - 1} more wait)`, looks: ["dim"] as const }]
      : [];
  const keys = isAnswering
    ? choices.flatMap(({ key, says }): Span[] => [
        isArmed ? { text: `[${key}]`, looks: ["bold", "cyan"] } : { text: `(${key})`, looks: ["dim"] },
        { text: ` ${says}  ` },
      ])
    : [{ text: "Tab answers it; keys go to your message now", looks: ["dim"] as const }];
  lines.push(...layOut([...keys, ...more], canvas, indents));
  return { lines };
}

function menuLines(menu: CommandMenu, canvas: Canvas): TerminalLine[] {
  return menu.shown.map(({ name, says, isChosen }) =>
    layOutLine(
      [
        { text: isChosen ? "› " : "  ", looks: ["cyan"] },
        { text: `/${name}`, looks: isChosen ? ["bold"] : [] },
        { text: `  ${says}`, looks: ["dim"] },
      ],
      canvas,
    ),
  );
}

const editorHint = ({ isAnswering, question, session }: LiveState): string => {
  if (question !== undefined && isAnswering) return "Tab writes a message instead";
  return session.state === "closed" ? "The session is closed" : "Write a message, / for commands";
};

function statusLine({ session, transcript, link, hint, now }: LiveState, canvas: Canvas): TerminalLine {
  if (hint !== undefined) return layOutLine([{ text: `  ${hint}`, looks: ["yellow"] }], canvas);
  if (link !== "online") return layOutLine([{ text: `  ${linkWords[link]}`, looks: ["yellow"] }], canvas);
  const leftMs = session.lease.expiresAt - now;
  const parts = [cellText(session.title, 40), stateWords(session, transcript)];
  if (session.runningTasks > 0)
    parts.push(`${session.runningTasks} ${session.runningTasks === 1 ? "task" : "tasks"}`);
  if (session.context !== undefined && session.context.windowTokens > 0)
    parts.push(`context ${Math.round((100 * session.context.usedTokens) / session.context.windowTokens)} %`);
  if (leftMs > 0 && leftMs < soonMs) parts.push(`ends in ${spanText(leftMs)}: /keep-alive`);
  // The keys stand there in every width: the title gives way.
  const keys = " · PageUp scrolls back · Ctrl-D leaves";
  const said = cellText(parts.join(" · "), Math.max(1, canvas.width - keys.length - 3));
  return layOutLine([{ text: `  ${said}${keys}`, looks: ["dim"] }], canvas);
}

const linkWords: Record<LinkState, string> = {
  connecting: "No connection; connecting …",
  online: "",
  offline: "No connection; what you send waits, and goes out when the server is back",
  refused: "The server refuses this program",
  stopped: "Stopped",
};

function stateWords({ state }: Session, { runningTurn, openPermission }: Transcript): string {
  if (openPermission !== undefined) return "waits for you";
  if (runningTurn !== undefined) return "works";
  // What the server said last may be older than the events.
  return state === "busy" || state === "waiting" ? "idle" : state;
}
