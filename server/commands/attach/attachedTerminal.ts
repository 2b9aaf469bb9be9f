import type { DaylongClient, DaylongEvent, Session, SessionHandle } from "../../../client/src/index.ts";
import { timeText } from "../framework/table.ts";
import { OpenQuestion } from "./asking/openQuestion.ts";
import { wholeLines } from "./asking/questionOf.ts";
import { ConversationPrinter } from "./conversationPrinter.ts";
import { Follower } from "./follower.ts";
import { itemLines } from "./itemLines.ts";
import { liveLines } from "./liveView.ts";
import { CommandMenu, type OwnCommand, ownCommandIn } from "./slashCommands.ts";
import { Editor } from "./terminal/editor.ts";
import type { TerminalInput } from "./terminal/input.ts";
import type { Key } from "./terminal/keys.ts";
import type { Canvas } from "./terminal/layout.ts";
import { Pager } from "./terminal/pager.ts";
import type { Screen } from "./terminal/screen.ts";
import type { Item } from "./transcript.ts";

export interface TerminalParts {
  client: DaylongClient;
  session: Session;
  deviceId: string;
  screen: Screen;
  input: TerminalInput;
  /** Stops the program until it is brought to the foreground again. */
  suspend(): void;
}

/** Changes within this time are drawn together. */
const drawMs = 30;
/** The spinner, and the seconds beside it. */
const tickMs = 200;
/** Between two ticks so long apart the computer slept: the connection is looked at. */
const sleptMs = 20_000;

const keysText = [
  "Enter sends; Alt-Enter, Ctrl-J or a backslash before Enter begins a new line",
  "Up and Down go through what was sent before; / and Tab complete commands",
  "Ctrl-C interrupts Claude; Ctrl-D leaves, the session goes on",
  "PageUp scrolls back; Tab goes between a question of Claude's and your message",
];

/** A session in a terminal: prints what happens, asks what Claude asks, and sends what is written. */
export class AttachedTerminal {
  readonly #parts: TerminalParts;
  readonly #handle: SessionHandle;
  readonly #follower: Follower;
  readonly #printer: ConversationPrinter;
  readonly #editor = new Editor();
  readonly #menu = new CommandMenu();
  readonly #open: OpenQuestion;
  readonly #left: Promise<void>;
  #leave: () => void = () => {};
  #pager: Pager | undefined;
  #hint: string | undefined;
  #drawTimer: NodeJS.Timeout | undefined;
  #ticker: NodeJS.Timeout | undefined;
  #tickedAt = Date.now();
  /** The owner has left: the screen is somebody else's. */
  #isOver = false;

  constructor(parts: TerminalParts) {
    const { client, session, deviceId } = parts;
    this.#parts = parts;
    this.#handle = client.session(session.sessionId);
    this.#printer = new ConversationPrinter(() => parts.screen.canvas);
    this.#open = new OpenQuestion({
      now: Date.now,
      onLook: (permission) => {
        const lines = (canvas: Canvas) => wholeLines(permission, canvas);
        this.#pager = new Pager({ title: "Asked for", fromTop: true, lines });
      },
      // It is shown until the server has heard the answer: another device may have been faster.
      onAnswer: ({ permissionId }, answer) => {
        client.answerPermission(permissionId, answer).catch((error: Error) => {
          this.#hint = error.message;
          this.#open.askAgain(permissionId);
          this.#changed();
        });
      },
    });
    this.#left = new Promise((resolve) => {
      this.#leave = resolve;
    });
    this.#follower = new Follower(client, session, deviceId, {
      began: (past) => this.#begin(past),
      heard: (items, event) => this.#hear(items, event),
      spoken: (delta) => {
        this.#printer.spoken(delta);
        this.#changed();
      },
      changed: () => this.#changed(),
    });
  }

  /** Resolves when the owner has left. */
  async run(): Promise<void> {
    const { client, input } = this.#parts;
    input.listen((key) => this.#press(key));
    const unsubscribes = [
      client.onState((state, detail) => {
        if (state === "refused") this.#say({ kind: "note", text: detail, tone: "failure" });
        this.#changed();
      }),
      client.onWaiting(({ detail, retryAfterMs }) => {
        this.#hint = `${detail} Tried again in ${Math.ceil(retryAfterMs / 1_000)} s.`;
        this.#changed();
      }),
    ];
    this.#ticker = setInterval(() => this.#tick(), tickMs);
    try {
      await this.#follower.start();
      this.#learnCommands();
      await this.#left;
    } finally {
      clearInterval(this.#ticker);
      this.#isOver = true;
      clearTimeout(this.#drawTimer);
      this.#follower.stop();
      for (const unsubscribe of unsubscribes) unsubscribe();
    }
  }

  /** The terminal has another size, or the program is in the foreground again. */
  redraw(): void {
    this.#parts.client.hurry();
    this.#draw();
  }

  /** Something failed that is tried again. */
  tellFault(error: unknown): void {
    this.#hint = error instanceof Error ? error.message : String(error);
    this.#changed();
  }

  /** The words of messages that the server has not accepted. */
  get unsent(): string[] {
    const { sessionId } = this.#parts.session;
    return this.#parts.client.unsent
      .filter(({ message }) => message.sessionId === sessionId)
      .map(({ message }) => message.message);
  }

  #begin(past: readonly Item[]): void {
    this.#printer.startOver();
    const { title, projectPath } = this.#follower.session;
    this.#say({ kind: "note", text: `${title} · ${projectPath}`, tone: "plain" }, ...past);
    for (const item of past) if (item.kind === "asked") this.#editor.remember(item.text);
    this.#lookForQuestion();
  }

  #hear(items: readonly Item[], event: DaylongEvent): void {
    if (event.type === "session.commands") this.#learnCommands();
    this.#printer.hear(items, event);
    this.#lookForQuestion();
    this.#changed();
  }

  #lookForQuestion(): void {
    const isNew = this.#open.follow(this.#follower.transcript.openPermission, !this.#editor.isEmpty);
    if (!isNew) return;
    this.#parts.screen.ring();
    setTimeout(() => this.#changed(), this.#open.armedInMs);
  }

  #press(key: Key): void {
    this.#hint = undefined;
    if (this.#pager !== undefined) this.#pressInPager(key, this.#pager);
    else if (!this.#pressAnywhere(key)) {
      // Tab completes a command that is being typed.
      if (this.#menu.isOpen || !this.#open.hear(key)) this.#pressInEditor(key);
    }
    this.#changed();
  }

  /** Keys that mean the same wherever they are pressed. */
  #pressAnywhere(key: Key): boolean {
    if (key.kind !== "key") return false;
    switch (key.name) {
      case "interrupt":
        this.#interrupt();
        return true;
      case "leave":
        if (this.#editor.isEmpty) this.#detach();
        else this.#editor.hear({ kind: "key", name: "delete" });
        return true;
      case "suspend":
        this.#parts.suspend();
        return true;
      case "redraw":
        this.redraw();
        return true;
      case "pageUp":
        this.#openHistory();
        return true;
      default:
        return false;
    }
  }

  #pressInEditor(key: Key): void {
    const editor = this.#editor;
    const name = key.kind === "key" ? key.name : undefined;
    if (this.#menu.isOpen && this.#pressInMenu(name)) return;
    if (name === "enter") {
      if (editor.isAtEnd && editor.text.endsWith("\\")) {
        editor.hear({ kind: "key", name: "backspace" });
        editor.hear({ kind: "key", name: "newline" });
      } else this.#submit();
    } else editor.hear(key);
    this.#menu.follow(editor.text);
  }

  #pressInMenu(name: string | undefined): boolean {
    switch (name) {
      case "up":
        this.#menu.move(-1);
        return true;
      case "down":
        this.#menu.move(1);
        return true;
      case "escape":
        this.#menu.close();
        return true;
      case "tab":
      case "enter": {
        const text = this.#menu.completed();
        if (text === undefined || (name === "enter" && text.trim() === this.#editor.text)) return false;
        this.#editor.set(text);
        this.#menu.follow(text);
        return true;
      }
      default:
        return false;
    }
  }

  #submit(): void {
    const { text } = this.#editor;
    if (text.trim() === "") return;
    this.#editor.clear();
    this.#editor.remember(text);
    const own = ownCommandIn(text);
    if (own !== undefined) {
      this.#runOwn(own);
      return;
    }
    this.#handle.send(text).accepted.catch((error: Error) => {
      this.#say({ kind: "note", text: `Not sent: ${error.message}`, tone: "failure" });
      if (this.#editor.isEmpty) this.#editor.set(text);
    });
  }

  #runOwn(command: OwnCommand): void {
    switch (command) {
      case "keep-alive":
        this.#tell(
          this.#handle.keepAlive().then(({ expiresAt }) => `The session lives until ${timeText(expiresAt)}.`),
        );
        return;
      case "recap":
        this.#hint = "Claude recaps …";
        this.#tell(this.#handle.recap().then(({ text }) => `Recap: ${text}`));
        return;
      case "history":
        this.#openHistory();
        return;
      case "interrupt":
        this.#interrupt();
        return;
      case "detach":
        this.#detach();
        return;
      case "keys":
        for (const text of keysText) this.#say({ kind: "note", text, tone: "plain" });
        return;
    }
  }

  #interrupt(): void {
    const { runningTurn, waiting } = this.#follower.transcript;
    const last = waiting.at(-1);
    if (this.#parts.client.state !== "online") this.#hint = "No connection: nothing can be interrupted now.";
    else if (runningTurn !== undefined) this.#tell(this.#handle.interrupt());
    else if (last !== undefined) this.#tell(this.#handle.cancelTurn(last.turnId));
    else if (this.#editor.isEmpty) this.#hint = "Nothing runs. Ctrl-D leaves; the session goes on.";
    else this.#editor.clear();
    this.#menu.follow(this.#editor.text);
  }

  #detach(): void {
    this.#leave();
  }

  /** Prints what came of a request, or why it failed. */
  #tell(request: Promise<unknown>): void {
    request.then(
      (text) => {
        this.#hint = undefined;
        if (typeof text === "string") this.#say({ kind: "note", text, tone: "plain" });
        this.#changed();
      },
      (error: Error) => this.#say({ kind: "note", text: error.message, tone: "failure" }),
    );
  }

  #openHistory(): void {
    const { history } = this.#follower;
    const pager = new Pager({
      title: "Conversation",
      fromTop: false,
      lines: (canvas) => history.items().flatMap((item) => itemLines(item, canvas)),
    });
    this.#pager = pager;
  }

  #pressInPager(key: Key, pager: Pager): void {
    if (!pager.hear(key)) {
      this.#pager = undefined;
      this.#parts.screen.leaveAlternate();
      return;
    }
    const { history } = this.#follower;
    if (pager.isAtTop && !history.isWhole) this.#tell(history.loadEarlier());
  }

  #learnCommands(): void {
    this.#handle.commands().then(
      (commands) => this.#menu.learn(commands),
      // The program's own are enough until the next time.
      () => {},
    );
  }

  #say(...items: Item[]): void {
    this.#printer.say(items);
    this.#changed();
  }

  #tick(): void {
    const now = Date.now();
    if (now - this.#tickedAt > sleptMs) this.#parts.client.hurry();
    this.#tickedAt = now;
    if (this.#follower.transcript.runningTurn !== undefined) this.#changed();
  }

  #changed(): void {
    if (this.#isOver) return;
    this.#drawTimer ??= setTimeout(() => this.#draw(), drawMs);
  }

  #draw(): void {
    clearTimeout(this.#drawTimer);
    this.#drawTimer = undefined;
    const { screen, client } = this.#parts;
    const { canvas, rows } = screen;
    if (this.#pager !== undefined) {
      screen.drawPage(this.#pager.page(canvas, rows));
      return;
    }
    const { printed, speaking } = this.#printer.take();
    const { session, transcript } = this.#follower;
    const live = liveLines(
      {
        session,
        transcript,
        link: client.state,
        speaking,
        unsent: this.unsent,
        question: this.#open.question,
        isAnswering: this.#open.takesKeys,
        isArmed: this.#open.armedInMs === 0,
        editor: this.#editor,
        menu: this.#menu,
        hint: this.#hint,
        now: Date.now(),
      },
      canvas,
      rows,
    );
    screen.draw(printed, live);
  }
}
