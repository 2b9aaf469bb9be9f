import { expect, test } from "@jest/globals";
import { noFacts } from "../../../../server/domain/sessions/facts.ts";
import { aSession, useBench } from "../fixture.ts";

const bench = useBench();

function inserted(): string {
  const session = aSession();
  bench.store.sessions.insert(session);
  return session.sessionId;
}
const command = (name: string) => ({ name, description: "", argumentHint: "", aliases: [], builtin: false });

test("T06 T08 T12: facts are written one by one, stay beside each other, and survive a restart", () => {
  const sessionId = inserted();
  const { facts } = bench.store;
  expect(facts.get(sessionId)).toBe(noFacts);
  const todos = [{ id: "1", text: "wash", state: "pending" as const }];
  const context = { usedTokens: 1, windowTokens: 100, percent: 1 };
  facts.set(sessionId, { todos });
  facts.set(sessionId, { context });
  facts.set(sessionId, { suggestedPrompts: ["commit this"], compacting: true });
  bench.reopen();
  expect(bench.store.facts.get(sessionId)).toEqual({
    todos,
    context,
    suggestedPrompts: ["commit this"],
    compacting: true,
  });
  expect(bench.store.facts.compacting()).toEqual([sessionId]);
  bench.store.facts.set(sessionId, { suggestedPrompts: [], compacting: false });
  expect(bench.store.facts.get(sessionId)).toMatchObject({ todos, suggestedPrompts: [], compacting: false });
  expect(bench.store.facts.compacting()).toEqual([]);
});

test("T07: a list of commands is kept once for all sessions that name it, and goes with the last of them", () => {
  const [first, second] = [inserted(), inserted()];
  const { facts } = bench.store;
  for (const sessionId of [first, second]) {
    facts.keepCommands("old", [command("compact")]);
    facts.set(sessionId, { commandListId: "old" });
  }
  const count = () => bench.connection.prepare("SELECT count(*) AS n FROM command_lists").get();
  expect(count()).toEqual({ n: 1 });
  facts.keepCommands("new", [command("deploy")]);
  facts.set(first, { commandListId: "new" });
  expect([facts.commands("old"), facts.commands("new")]).toEqual([[command("compact")], [command("deploy")]]);
  facts.set(second, { commandListId: "new" });
  facts.keepCommands("newest", []);
  expect([facts.commands("old"), facts.commands("gone")]).toEqual([[], []]);
});
