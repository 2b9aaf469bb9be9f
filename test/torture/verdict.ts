import Database from "better-sqlite3";
import { type LoggedEvent, terminalTurnEvents } from "../../server/domain/delivery/event.ts";
import type { PushTrails } from "./pushes.ts";
import { digestOf, type Sightings } from "./sightings.ts";
import type { AcceptedMessage } from "./traffic.ts";

/** What the database says at the end, held against what phones and Apple were told. Counts of faults, unless named otherwise. */
export interface Verdict {
  /** Events in the log, turns by their end, deliveries by their state: figures, not faults. */
  events: number;
  ends: Record<string, number>;
  deliveries: Record<string, number>;
  /** Pushes that Apple got twice, and the most often that it got one. */
  pushedTwice: number;
  mostPushes: number;

  acceptedNotKept: number;
  shownNotKept: number;
  pushedNotKept: number;
  /** Turns that ended not once; more than one turn for one request. */
  notEndedOnce: number;
  repeatedTurns: number;
  cursorGaps: number;
  seqGaps: number;
  /** Deliveries still pending or given up; sent by the database and unknown to Apple; two ids for one event and device. */
  undelivered: number;
  neverSent: number;
  changedIds: number;
  /** Pushes beyond the first of a delivery that no kill and no answer of Apple's called for: V10's "at most twice" a kill. */
  pushedTooOften: number;
  /** Prompts that Claude was given more than once, and replies to prompts that it was never given. */
  givenTwice: number;
  inventedReplies: number;
  /** Replies that are not their own message's words; texts in a turn that are another turn's. */
  foreignReplies: number;
  /** Turns that Claude began by itself, by their end, and those that ended not once. */
  ownEnds: Record<string, number>;
  ownNotEndedOnce: number;
  /** Words of subagents, and tasks by their end: figures. */
  agentWords: number;
  taskEnds: Record<string, number>;
  /** Words of subagents that stand in another turn than the one that started the subagent. */
  foreignAgentWords: number;
  /** Events that name a turn which was neither accepted nor begun. */
  strayEvents: number;
  /** Tasks whose end was told not once. */
  tasksNotEndedOnce: number;
  /** The first words that stand in a wrong turn, each with what is known of that turn. */
  misplaced: string[];
}

/** So many misplaced words are shown. */
const mostMisplaced = 10;

export interface Evidence {
  databasePath: string;
  accepted: readonly AcceptedMessage[];
  sightings: Sightings;
  pushes: PushTrails;
  /** Devices that never ack, by id: all their deliveries must have been sent. */
  silentDevices: ReadonlySet<string>;
  /** Every prompt that Claude was given, as often as it was given. */
  prompts: readonly string[];
}

interface EventRow {
  cursor: number;
  session_id: string | null;
  seq: number | null;
  type: string;
  at: number;
  turn_id: string | null;
  data: string;
}
interface DeliveryRow {
  delivery_id: string;
  device_id: string;
  cursor: number;
  state: string;
  push: string | null;
  /** Attempts of which the database knows that they did not succeed, or does not know that they did. */
  in_vain: number;
}

/**
 * Selects the open turns, tasks and pushes of a database, one line each. A verdict is given when there are none; a running task
 * has a turn and pushes still to come.
 */
export const openWork = `
  SELECT 'turn ' || turn_id || ' ' || state FROM turns WHERE state IN ('queued', 'running')
  UNION ALL SELECT 'task ' || task_id || ' of session ' || session_id FROM tasks WHERE state = 'running'
  UNION ALL SELECT 'push ' || delivery_id || ' of event ' || cursor FROM deliveries WHERE state = 'pending'`;

/** Reads the database file itself, past all code of the server but its tables. */
export function judge(evidence: Evidence): Verdict {
  const database = new Database(evidence.databasePath, { readonly: true });
  try {
    const verdict: Verdict = {
      events: 0,
      ends: {},
      deliveries: {},
      pushedTwice: 0,
      mostPushes: 0,
      acceptedNotKept: 0,
      shownNotKept: 0,
      pushedNotKept: 0,
      notEndedOnce: 0,
      repeatedTurns: 0,
      cursorGaps: 0,
      seqGaps: 0,
      undelivered: 0,
      neverSent: 0,
      changedIds: 0,
      pushedTooOften: 0,
      givenTwice: 0,
      inventedReplies: 0,
      foreignReplies: 0,
      ownEnds: {},
      ownNotEndedOnce: 0,
      agentWords: 0,
      taskEnds: {},
      foreignAgentWords: 0,
      strayEvents: 0,
      tasksNotEndedOnce: 0,
      misplaced: [],
    };
    const { turnOfCursor, quiet } = judgeLog(database, evidence, verdict);
    judgeDeliveries(database, evidence, verdict, turnOfCursor, quiet);
    return verdict;
  } finally {
    database.close();
  }
}

function judgeLog(
  database: Database.Database,
  { accepted, sightings, prompts }: Evidence,
  verdict: Verdict,
): { turnOfCursor: Map<number, string | null>; quiet: Set<number> } {
  /** Ends of tasks that no phone has to ring for, because a turn of the session ended after them. */
  const quiet = new Set<number>();
  const unspoken = new Map<string | null, number[]>();
  const turnOfCursor = new Map<number, string | null>();
  const textOfTurn = new Map<string, string>();
  const endsOfTurn = new Map<string, string[]>();
  const lastSeq = new Map<string, number>();
  const ownTurns = new Set<string>();
  /** The text of the message whose task an own turn is about, by the turn. */
  const aboutOf = new Map<string, string>();
  const endsOfTask = new Map<string, number>();
  /** Whether it is said in a turn that Claude began, which is about one task alone. */
  const isOfOwnTurn = (turnId: string, text: string, opening: string): boolean => {
    if (!ownTurns.has(turnId) || !text.startsWith(opening)) return false;
    const about = text.slice(opening.length);
    if (!aboutOf.has(turnId)) aboutOf.set(turnId, about);
    return aboutOf.get(turnId) === about;
  };
  const note = (cursor: number, turnId: string, text: string): void => {
    if (verdict.misplaced.length >= mostMisplaced) return;
    const own = ownTurns.has(turnId) ? `Claude's own, about ${aboutOf.get(turnId)}` : "of no known message";
    const ends = endsOfTurn.get(turnId) ?? [];
    verdict.misplaced.push(
      `event ${cursor}: "${text}" in turn ${turnId} (${textOfTurn.get(turnId) ?? own}; ended: ${ends.join(", ")})`,
    );
  };
  const rows = database.prepare<[], EventRow>("SELECT * FROM events ORDER BY cursor").iterate();
  for (const row of rows) {
    verdict.events += 1;
    if (row.cursor !== verdict.events) verdict.cursorGaps += 1;
    if (row.session_id !== null && row.seq !== null) {
      if (row.seq !== (lastSeq.get(row.session_id) ?? 0) + 1) verdict.seqGaps += 1;
      lastSeq.set(row.session_id, row.seq);
    }
    const event = {
      cursor: row.cursor,
      sessionId: row.session_id,
      seq: row.seq,
      type: row.type,
      at: row.at,
      ...(row.turn_id === null ? {} : { turnId: row.turn_id }),
      data: JSON.parse(row.data),
    } as LoggedEvent;
    const shown = sightings.at(row.cursor);
    if (shown !== undefined && shown !== digestOf(event)) verdict.shownNotKept += 1;
    turnOfCursor.set(row.cursor, row.turn_id);
    if (event.type === "task.started")
      endsOfTask.set(event.data.taskId, endsOfTask.get(event.data.taskId) ?? 0);
    if (event.type === "task.finished") {
      const { taskId, state, cutOff } = event.data;
      endsOfTask.set(taskId, (endsOfTask.get(taskId) ?? 0) + 1);
      const end = cutOff === true ? `${state}, cut off` : state;
      verdict.taskEnds[end] = (verdict.taskEnds[end] ?? 0) + 1;
      if (cutOff !== true)
        unspoken.set(event.sessionId, [...(unspoken.get(event.sessionId) ?? []), event.cursor]);
    }
    if (event.turnId === undefined) continue;
    if (event.type === "turn.accepted") textOfTurn.set(event.turnId, event.data.message);
    if (event.type === "turn.started" && event.data.origin !== "user") ownTurns.add(event.turnId);
    if (!textOfTurn.has(event.turnId) && !ownTurns.has(event.turnId)) verdict.strayEvents += 1;
    if (event.type === "message" || event.type === "turn.completed") {
      const said = textOfTurn.get(event.turnId);
      const isOwn = isOfOwnTurn(event.turnId, event.data.text, "Own: ");
      const isTheirs = said !== undefined && event.data.text === `You said: ${said}`;
      if (!isOwn && !isTheirs) {
        verdict.foreignReplies += 1;
        note(event.cursor, event.turnId, event.data.text);
      }
    }
    if (event.type === "agent.message") {
      verdict.agentWords += 1;
      const isTheirs = event.data.text === `Agent: ${textOfTurn.get(event.turnId)}`;
      if (!isTheirs && !isOfOwnTurn(event.turnId, event.data.text, "Agent: ")) {
        verdict.foreignAgentWords += 1;
        note(event.cursor, event.turnId, event.data.text);
      }
    }
    if (!terminalTurnEvents.has(event.type)) continue;
    for (const cursor of unspoken.get(event.sessionId) ?? []) quiet.add(cursor);
    unspoken.delete(event.sessionId);
    endsOfTurn.set(event.turnId, [...(endsOfTurn.get(event.turnId) ?? []), event.type]);
    const end = "code" in event.data ? `${event.type} ${event.data.code}` : event.type;
    const ends = ownTurns.has(event.turnId) ? verdict.ownEnds : verdict.ends;
    ends[end] = (ends[end] ?? 0) + 1;
  }
  verdict.shownNotKept += Math.max(0, sightings.lastCursor - verdict.events);

  for (const { turnId, text } of accepted) if (textOfTurn.get(turnId) !== text) verdict.acceptedNotKept += 1;
  // The log's own turns: one whose answer never arrived has to end as well.
  for (const turnId of textOfTurn.keys()) if (endsOfTurn.get(turnId)?.length !== 1) verdict.notEndedOnce += 1;
  for (const turnId of ownTurns) if (endsOfTurn.get(turnId)?.length !== 1) verdict.ownNotEndedOnce += 1;
  for (const ends of endsOfTask.values()) if (ends !== 1) verdict.tasksNotEndedOnce += 1;
  // Each message of the run has its own text, so that a second turn for it shows.
  const texts = [...textOfTurn.values()];
  verdict.repeatedTurns = texts.length - new Set(texts).size;
  const given = new Set(prompts);
  verdict.givenTwice = prompts.length - given.size;
  for (const [turnId, ends] of endsOfTurn) {
    if (ownTurns.has(turnId)) continue;
    if (ends.includes("turn.completed") && !given.has(textOfTurn.get(turnId) ?? ""))
      verdict.inventedReplies += 1;
  }
  return { turnOfCursor, quiet };
}

function judgeDeliveries(
  database: Database.Database,
  { pushes, silentDevices }: Evidence,
  verdict: Verdict,
  turnOfCursor: ReadonlyMap<number, string | null>,
  quiet: ReadonlySet<number>,
): void {
  const rows = database
    .prepare<[], DeliveryRow>(
      `SELECT delivery_id, device_id, cursor, state, devices.push,
         (SELECT count(*) FROM attempts
          WHERE attempts.delivery_id = deliveries.delivery_id AND status IS NOT 200) AS in_vain
       FROM deliveries JOIN devices USING (device_id)`,
    )
    .iterate();
  const unknown = new Set(pushes.trails.keys());
  for (const { delivery_id, device_id, cursor, state, push, in_vain } of rows) {
    verdict.deliveries[state] = (verdict.deliveries[state] ?? 0) + 1;
    const trail = pushes.trails.get(delivery_id);
    if (state === "suppressed" && quiet.has(cursor) && trail === undefined) continue;
    if (!["sent", "acked"].includes(state)) verdict.undelivered += 1;
    // What the device acked in time was not pushed; everything else must have been, and Apple must have said so.
    const mustBeSent = state === "sent" || silentDevices.has(device_id);
    if (mustBeSent && (trail?.accepted ?? 0) === 0) verdict.neverSent += 1;
    if (trail === undefined) continue;
    unknown.delete(delivery_id);
    const { token } = JSON.parse(push ?? "{}") as { token?: string };
    const isItsOwn =
      trail.cursor === cursor &&
      trail.deviceToken === token &&
      (trail.turnId ?? null) === turnOfCursor.get(cursor);
    if (!isItsOwn) verdict.pushedNotKept += 1;
    if (trail.requests > 1) verdict.pushedTwice += 1;
    verdict.pushedTooOften += Math.max(0, trail.requests - 1 - in_vain);
    verdict.mostPushes = Math.max(verdict.mostPushes, trail.requests);
  }
  verdict.pushedNotKept += unknown.size;
  const byPlace = new Set(
    [...pushes.trails.values()].map(({ deviceToken, cursor }) => `${deviceToken} ${cursor}`),
  );
  verdict.changedIds = pushes.trails.size - byPlace.size;
}
