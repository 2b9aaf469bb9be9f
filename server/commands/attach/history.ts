import type { DaylongClient, DaylongEvent, Session } from "../../../client/src/index.ts";
import { type Item, Transcript } from "./transcript.ts";

/** Events that are asked for at once. */
const pageEvents = 500;
/** Messages of Claude's own transcript that are asked for. */
const mostPastMessages = 200;

/** The past of a conversation: its events up to one that is known, the latest pages first. */
export class History {
  readonly #client: DaylongClient;
  readonly #session: Session;
  readonly #deviceId: string;
  #events: DaylongEvent[] = [];
  /** What Claude wrote down before the server knew the conversation. */
  #before: Item[] = [];
  /** Events up to this one were not asked for yet. */
  #rest: number;
  #isWhole = false;

  constructor(client: DaylongClient, session: Session, deviceId: string) {
    this.#client = client;
    this.#session = session;
    this.#deviceId = deviceId;
    this.#rest = session.lastSeq;
  }

  /** Whether there is nothing earlier. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  get events(): readonly DaylongEvent[] {
    return this.#events;
  }

  /** A further event, which came after those. */
  add(event: DaylongEvent): void {
    if ((event.seq ?? 0) > (this.#events.at(-1)?.seq ?? 0)) this.#events.push(event);
  }

  /** Asks for the page before those that are known. */
  async loadEarlier(): Promise<void> {
    if (this.#isWhole) return;
    const handle = this.#client.session(this.#session.sessionId);
    const after = Math.max(0, this.#rest - pageEvents);
    if (this.#rest > 0) {
      const { events } = await handle.eventsAfter(after, this.#rest - after);
      const rest = this.#rest;
      this.#events = [...events.filter(({ seq }) => (seq ?? 0) <= rest), ...this.#events];
      this.#rest = after;
    }
    if (this.#rest > 0) return;
    this.#before = await this.#pastItems().catch(() => []);
    this.#isWhole = true;
  }

  /** What is printed of all that is known. */
  items(): Item[] {
    const transcript = new Transcript(this.#deviceId);
    return [...this.#before, ...this.#events.flatMap((event) => transcript.hear(event))];
  }

  /** Of a conversation that was begun in a terminal: what was said there before the session. */
  async #pastItems(): Promise<Item[]> {
    const { sessionId, projectPath, createdAt } = this.#session;
    const { projects } = await this.#client.projects();
    const project = projects.find(({ path }) => path === projectPath);
    if (project === undefined) return [];
    const { messages } = await this.#client.pastMessages(project.projectId, sessionId, mostPastMessages);
    return messages
      .filter((message) => (message.createdAt ?? createdAt) < createdAt && message.text !== "")
      .reverse()
      .map(({ role, text }): Item => {
        if (role === "user") return { kind: "asked", text, isMine: true, attachments: 0 };
        return { kind: "said", text, messageId: "", isCut: false, isPartial: false };
      });
  }
}
