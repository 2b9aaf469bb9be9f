import { type Signal, signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { Answer, Session, Task } from "../../../../client/src/index.ts";
import type { Chat } from "../../state/chat/chat.ts";
import { useDaylong, useHost } from "../../state/context.ts";

export type Todo = Answer<"GET /api/sessions/{id}/todos">["todos"][number];
export type Changes = Answer<"GET /api/sessions/{id}/changes">;

/** What belongs to a session beside its conversation, as it was last asked for. */
export interface Facts {
  tasks: Signal<readonly Task[]>;
  todos: Signal<readonly Todo[]>;
  changes: Signal<Changes | undefined>;
  readTasks(): Promise<void>;
  readTodos(): Promise<void>;
  readChanges(): Promise<void>;
}

const kept = new WeakMap<Chat, Facts>();

/** The facts of the session, read when it is opened and again when its events say that they have changed. */
export function useFacts(session: Session, chat: Chat): Facts {
  const { client } = useHost();
  const isConnected = useDaylong().phase.value === "connected";
  const facts = useMemo(() => {
    const known = kept.get(chat);
    if (known) return known;
    const handle = client.session(chat.sessionId);
    const tasks = signal<readonly Task[]>([]);
    const todos = signal<readonly Todo[]>([]);
    const changes = signal<Changes | undefined>(undefined);
    const made: Facts = {
      tasks,
      todos,
      changes,
      readTasks: async () => {
        tasks.value = await handle.tasks();
      },
      readTodos: async () => {
        todos.value = await handle.todos();
      },
      readChanges: async () => {
        changes.value = await handle.changes();
      },
    };
    kept.set(chat, made);
    return made;
  }, [chat]);
  // Read again with the next connection, or the next change.
  const quietly = (reading: Promise<void>) => void reading.catch(() => {});
  useEffect(() => {
    if (isConnected) quietly(facts.readTasks());
  }, [facts, isConnected, session.runningTasks]);
  const todosSeq = chat.todosSeq.value;
  useEffect(() => {
    if (isConnected) quietly(facts.readTodos());
  }, [facts, isConnected, todosSeq]);
  return facts;
}
