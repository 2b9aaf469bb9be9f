import { EventStream } from "./connection/eventStream.ts";
import { type EventHandler, type GapHandler, Inbox } from "./connection/inbox.ts";
import { type KeptMessage, Outbox } from "./connection/outbox.ts";
import type {
  Accepted,
  Activity,
  Answer,
  DaylongEvent,
  Delta,
  Message,
  NewSession,
  Permission,
  PermissionAnswer,
  Recap,
  ServerFrame,
  Session,
  SessionFilter,
} from "./connection/protocol.ts";
import { Link, type LinkState, type Position } from "./connection/socketLink.ts";
import { ClientStopped, DaylongProblem } from "./errors.ts";
import { addressOf, type ClientOptions, newMessageId, socketConstructor } from "./options.ts";
import { memoryStore, systemClock, type Waiting } from "./ports.ts";
import { queryOf, Rest } from "./rest.ts";
import { SessionHandle } from "./session.ts";
import type { Turn } from "./turn.ts";
import { Turns } from "./turns.ts";

/** Browsers let requests that outlive a page have 64 KB of body together. */
const keepaliveChars = 30_000;

type Listener<T> = (news: T) => void;

/**
 * A Daylong server, as a program sees it: messages that are sent once however often the connection breaks, events that
 * come in order and come again until they are dealt with.
 */
export class DaylongClient {
  readonly rest: Rest;
  readonly #link: Link;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #turns: Turns;
  readonly #streams = new Set<EventStream>();
  readonly #deltaListeners = new Set<Listener<Delta>>();
  readonly #activityListeners = new Set<Listener<Activity>>();
  readonly #stateListeners = new Set<(state: LinkState, detail: string) => void>();
  readonly #waitingListeners = new Set<Listener<Waiting>>();
  #presence: { foreground: boolean; sessionId?: string } | undefined;
  #askedFrom: Position = { cursor: 0, epoch: "" };

  constructor(options: ClientOptions) {
    const url = addressOf(options);
    const { token, store = memoryStore(), clock = systemClock, random = Math.random } = options;
    const onFault = options.onFault ?? throwAside;
    const fetch = options.fetch ?? globalThis.fetch.bind(globalThis);
    const onWaiting = (waiting: Waiting) => tell(this.#waitingListeners, waiting);
    this.rest = new Rest({ url, token, fetch, clock, onWaiting });
    this.#link = new Link({
      url: `${url.replace(/^http/, "ws")}/ws`,
      token,
      WebSocket: socketConstructor(options.WebSocket),
      clock,
      random,
      position: () => this.#position(),
      onWelcome: (welcome) => {
        if (!welcome.recovered) this.#turns.startOver(welcome.cursor);
        this.#inbox.welcome(welcome, this.#askedFrom);
      },
      onFrame: (frame) => this.#hear(frame),
      onState: (state, detail) => this.#heed(state, detail),
    });
    this.#outbox = new Outbox({
      store,
      clock,
      random,
      onWaiting,
      send: (frame) => this.#link.send(frame),
    });
    this.#inbox = new Inbox({
      store,
      acknowledge: (cursor) => this.#link.send({ type: "ack", cursor }),
      whole: (event) => this.wholeEvent(event),
      comeAgain: () => this.#link.comeAgain("A handler failed; its event comes again."),
      onFault,
    });
    this.#turns = new Turns({ rest: this.rest, clock, random });
  }

  get state(): LinkState {
    return this.#link.state;
  }

  /** Connects, and comes back whenever the connection is lost. Idempotent. */
  start(): this {
    this.#outbox.start();
    this.#link.start();
    return this;
  }

  /** Ends the connection. Unsent messages stay in the store; who waits for something hears ClientStopped, as after a refusal. */
  stop(): void {
    this.#link.stop();
    this.#giveUp(new ClientStopped());
  }

  #giveUp(why: ClientStopped): void {
    this.#outbox.stop(why);
    this.#turns.stop(why);
    for (const stream of this.#streams) stream.end(why);
    this.#streams.clear();
  }

  /** The network is back: tries now. */
  hurry(): void {
    this.#link.hurry();
  }

  /** A new session in a project. */
  async createSession(wanted: NewSession): Promise<SessionHandle> {
    const { sessionId } = await this.rest.ask<Answer<"POST /api/sessions">>("POST", "/api/sessions", wanted);
    return this.session(sessionId);
  }

  /** The same, as the server answers it. */
  newSession(wanted: NewSession): Promise<Session> {
    return this.rest.ask("POST", "/api/sessions", wanted);
  }

  /**
   * An event whose frame was cut (`truncated`), whole; any other as it is, and so is one that the log does not hold any more.
   * Handlers get whole events without asking.
   */
  async wholeEvent(event: DaylongEvent): Promise<DaylongEvent> {
    const { sessionId, seq } = event;
    if (event.truncated !== true || sessionId === null || seq === null) return event;
    try {
      const found = await this.session(sessionId).eventsAfter(seq - 1, 1);
      return found.events.find(({ cursor }) => cursor === event.cursor) ?? event;
    } catch (error) {
      if (error instanceof DaylongProblem && error.status === 404) return event;
      throw error;
    }
  }

  /** A message, whole: what a cut frame leads to. */
  message(messageId: string): Promise<Answer<"GET /api/messages/{messageId}">> {
    return this.rest.ask("GET", `/api/messages/${messageId}`);
  }

  session(sessionId: string): SessionHandle {
    return new SessionHandle(this, sessionId);
  }

  async sessions(filter: SessionFilter = {}) {
    return this.rest.ask<Answer<"GET /api/sessions">>("GET", `/api/sessions${queryOf(filter)}`);
  }

  /** The project roots, the directories in them, and deeper ones in which Claude has worked. */
  projects(): Promise<Answer<"GET /api/projects">> {
    return this.rest.ask("GET", "/api/projects");
  }

  /** The conversations that Claude keeps of a project, those of the terminal included. */
  projectSessions(
    projectId: string,
    limit?: number,
  ): Promise<Answer<"GET /api/projects/{projectId}/sessions">> {
    return this.rest.ask("GET", `/api/projects/${projectId}/sessions${queryOf({ limit })}`);
  }

  /** A conversation as Claude wrote it down, the newest message first. */
  pastMessages(
    projectId: string,
    sessionId: string,
    limit?: number,
  ): Promise<Answer<"GET /api/projects/{projectId}/sessions/{id}/messages">> {
    const path = `/api/projects/${projectId}/sessions/${sessionId}/messages${queryOf({ limit })}`;
    return this.rest.ask("GET", path);
  }

  /** Makes a directory under a root. */
  createProject(root: string, name: string): Promise<Answer<"POST /api/projects">> {
    return this.rest.ask("POST", "/api/projects", { root, name });
  }

  /** The models that Claude offers, and the permission modes that this device may choose. */
  models(): Promise<Answer<"GET /api/models">> {
    return this.rest.ask("GET", "/api/models");
  }

  /** This device, as the server knows it. */
  me(): Promise<Answer<"GET /api/devices/{id}">> {
    return this.rest.ask("GET", "/api/devices/me");
  }

  /** The plan's windows, and cost by day, project and model; `days`: how far back, today included. */
  usage(days?: number): Promise<Answer<"GET /api/usage">> {
    return this.rest.ask("GET", `/api/usage${queryOf({ days })}`);
  }

  /**
   * Sends a message to a session, or to a new one in a project. It is kept at once and sent when there is a connection;
   * its id makes sure that it runs once. `clientMessageId`: an id of your own, unique to this device.
   */
  send(message: Message, clientMessageId: string = newMessageId()): Turn {
    return this.#turns.begin(clientMessageId, (heard) =>
      this.#outbox.put({ clientMessageId, message }, heard),
    );
  }

  /** Messages that the server has not accepted yet, those of an earlier run included. */
  get unsent(): KeptMessage[] {
    return this.#outbox.kept;
  }

  /** The same, when the store has been read. */
  async loadUnsent(): Promise<KeptMessage[]> {
    await this.#outbox.load();
    return this.#outbox.kept;
  }

  /** Takes an unsent message back. False: it is on its way, or was accepted. */
  withdraw(clientMessageId: string): boolean {
    return this.#outbox.withdraw(clientMessageId);
  }

  /**
   * Sends the unsent messages by a request that outlives the page (`keepalive`), beside the socket: a browser that goes into
   * the background may never get to reconnect. The ids make both ways one message.
   */
  sendInBackground(): void {
    for (const { clientMessageId, message } of this.#outbox.kept) {
      const body = JSON.stringify({ ...message, clientMessageId });
      if (body.length > keepaliveChars) continue;
      this.rest.post("/api/chat", body).then(
        (accepted) => this.#outbox.heardElsewhere(clientMessageId, accepted as Accepted),
        // It stays in the outbox.
        () => {},
      );
    }
  }

  /** Every event, in order. The next one waits until this one's promise has settled; one that rejects comes again. */
  onEvent(handler: EventHandler): () => void {
    return this.#inbox.onEvent(handler);
  }

  /** The log is not the one this client knew, or was cut: events are missing. Start over from `sessions()`. */
  onGap(handler: GapHandler): () => void {
    return this.#inbox.onGap(handler);
  }

  /** Every event from now on that is wanted, for `for await`. */
  events(isWanted: (event: DaylongEvent) => boolean = () => true): EventStream {
    const stream: EventStream = new EventStream(isWanted, (handler) => {
      this.#streams.add(stream);
      const unregister = this.#inbox.onEvent(handler);
      return () => {
        this.#streams.delete(stream);
        unregister();
      };
    });
    return stream;
  }

  /** Words as they are spoken, in all sessions; never the only copy. */
  onDelta(listener: Listener<Delta>): () => void {
    return subscribe(this.#deltaListeners, listener);
  }

  onActivity(listener: Listener<Activity>): () => void {
    return subscribe(this.#activityListeners, listener);
  }

  onState(listener: (state: LinkState, detail: string) => void): () => void {
    return subscribe(this.#stateListeners, listener);
  }

  /** Something waits because the server refuses it for now: a request over the device's limit, a message for a full queue. */
  onWaiting(listener: Listener<Waiting>): () => void {
    return subscribe(this.#waitingListeners, listener);
  }

  /** Says whether somebody looks at this client: what is looked at is not pushed. */
  setPresence(foreground: boolean, sessionId?: string): void {
    this.#presence = { foreground, sessionId };
    this.#link.send({ type: "presence", ...this.#presence });
  }

  async permissions(): Promise<Permission[]> {
    return (await this.rest.ask<Answer<"GET /api/permissions">>("GET", "/api/permissions")).permissions;
  }

  /** One of them, whole, open or not. */
  permission(permissionId: string): Promise<Permission> {
    return this.rest.ask("GET", `/api/permissions/${permissionId}`);
  }

  /** The same answer twice is one answer. */
  async answerPermission(permissionId: string, answer: PermissionAnswer): Promise<void> {
    await this.rest.ask("POST", `/api/permissions/${permissionId}`, answer);
  }

  async keepAlive(sessionId: string): Promise<{ expiresAt: number }> {
    return this.rest.ask("POST", "/api/sessions/keep-alive", { sessionId, action: "extend" });
  }

  async recap(sessionId: string): Promise<Recap> {
    const body = { sessionId, action: "recap" };
    const answer = await this.rest.ask<Answer<"POST /api/sessions/keep-alive">>(
      "POST",
      "/api/sessions/keep-alive",
      body,
    );
    // Who asks for one gets one, or a refusal.
    return answer.recap!;
  }

  async interrupt(sessionId: string, turnId?: string): Promise<Answer<"POST /api/chat/interrupt">> {
    return this.rest.ask("POST", "/api/chat/interrupt", { sessionId, turnId });
  }

  /** A client that has no position yet begins where the server knows it to be, or at the end of the log. */
  async #position(): Promise<Position> {
    const known = await this.#inbox.position();
    if (known) this.#askedFrom = known;
    else {
      const first = await this.rest.ask<Answer<"GET /api/events">>("GET", "/api/events?limit=1");
      const next = first.events[0];
      this.#askedFrom = { epoch: first.epoch, cursor: next ? next.cursor - 1 : first.cursor };
    }
    return this.#askedFrom;
  }

  #hear(frame: ServerFrame): void {
    if (this.#outbox.hear(frame)) return;
    switch (frame.type) {
      case "event":
        // Whoever waits for a turn hears of its end at once: a handler may be waiting for it.
        if (this.#inbox.receive(frame.event)) this.#turns.hear(frame.event);
        return;
      case "delta":
        this.#turns.hearDelta(frame);
        tell(this.#deltaListeners, frame);
        return;
      case "activity":
        tell(this.#activityListeners, frame);
        return;
      default:
        // Answers that nobody waits for, and frames of later servers.
        return;
    }
  }

  #heed(state: LinkState, detail: string): void {
    if (state === "online") {
      this.#inbox.online();
      if (this.#presence) this.#link.send({ type: "presence", ...this.#presence });
      this.#outbox.online();
    } else this.#outbox.offline();
    // Nobody comes back from there: whoever waits would wait for ever.
    if (state === "refused") this.#giveUp(new ClientStopped(detail));
    for (const listener of this.#stateListeners) listener(state, detail);
  }
}

function subscribe<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell<T>(listeners: Set<Listener<T>>, news: T): void {
  for (const listener of listeners) listener(news);
}

/** A fault that nobody handles is not to pass unseen. */
function throwAside(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
