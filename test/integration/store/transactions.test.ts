import { beforeEach, describe, expect, test } from "@jest/globals";
import type { LoggedEvent } from "../../../server/domain/delivery/event.ts";
import { openDatabase } from "../../../server/store/database.ts";
import { aMessage, append, aSession, aTurn, useBench } from "./fixture.ts";

const bench = useBench();
const session = aSession();
const texts = (events: LoggedEvent[]): string[] =>
  events.map((event) => (event.type === "message" ? event.data.text : event.type));
const say = (text: string): LoggedEvent =>
  bench.store.events.append(aMessage(session.sessionId, undefined, text));

let heard: string[][];
beforeEach(() => {
  bench.store.sessions.insert(session);
  heard = [];
  bench.store.events.subscribe((events) => heard.push(texts(events)));
});

describe("announcing", () => {
  test("tells subscribers of what was appended only after the commit, in order, as it can be read from the log", () => {
    let announced: LoggedEvent[] = [];
    bench.store.events.subscribe((events) => {
      announced = events;
    });
    const result = bench.store.transaction(() => {
      say("one");
      say("two");
      expect(heard).toEqual([]);
      return "done";
    });
    expect(result).toBe("done");
    expect(heard).toEqual([["one", "two"]]);
    expect(announced).toEqual(bench.store.events.after(0, 10));
  });

  test("says nothing after a transaction that appended nothing", () => {
    bench.store.transaction(() => bench.store.sessions.setState(session.sessionId, "busy"));
    expect(heard).toEqual([]);
  });

  test("says nothing of what was rolled back, and the next event takes up the sequence", () => {
    const fault = new Error("changed my mind");
    expect(() =>
      bench.store.transaction(() => {
        say("never");
        bench.store.sessions.setState(session.sessionId, "busy");
        throw fault;
      }),
    ).toThrow(fault);
    expect(heard).toEqual([]);
    expect(bench.store.events.tip()).toBe(0);
    expect(bench.store.sessions.get(session.sessionId)).toMatchObject({ state: "idle", lastSeq: 0 });
    expect(bench.store.transaction(() => say("first")).seq).toBe(1);
    expect(heard).toEqual([["first"]]);
  });

  test("a subscriber that throws disturbs neither the others nor the caller, and is reported", () => {
    const fault = new Error("deaf");
    bench.store.events.subscribe(() => {
      throw fault;
    });
    const later: string[][] = [];
    bench.store.events.subscribe((events) => later.push(texts(events)));
    append(bench.store, aMessage(session.sessionId, undefined, "hello"));
    expect(heard).toEqual([["hello"]]);
    expect(later).toEqual([["hello"]]);
    expect(bench.subscriberErrors).toEqual([fault]);
  });

  test("a subscriber may append: all hear the current batch first, then its own", () => {
    const order: string[] = [];
    bench.store.events.subscribe((events) => {
      order.push(`first hears ${texts(events)}`);
      if (texts(events).includes("ping")) {
        bench.store.transaction(() => say("pong"));
        expect(bench.store.events.tip()).toBe(2);
      }
    });
    bench.store.events.subscribe((events) => order.push(`second hears ${texts(events)}`));
    append(bench.store, aMessage(session.sessionId, undefined, "ping"));
    expect(order).toEqual(["first hears ping", "second hears ping", "first hears pong", "second hears pong"]);
    expect(heard).toEqual([["ping"], ["pong"]]);
  });

  test("who has unsubscribed hears nothing more, also in the middle of a batch", () => {
    const late: string[][] = [];
    const leave: Array<() => void> = [];
    bench.store.events.subscribe(() =>
      leave.forEach((unsubscribe) => {
        unsubscribe();
      }),
    );
    leave.push(bench.store.events.subscribe((events) => late.push(texts(events))));
    append(bench.store, aMessage(session.sessionId));
    expect(late).toEqual([]);
  });
});

describe("nesting", () => {
  test("a nested call joins the outer one: one announcement, at the end", () => {
    bench.store.transaction(() => {
      say("outer");
      bench.store.transaction(() => say("inner"));
      expect(heard).toEqual([]);
      say("outer again");
    });
    expect(heard).toEqual([["outer", "inner", "outer again"]]);
  });

  test("when the outer call fails, what the nested one did is undone too", () => {
    expect(() =>
      bench.store.transaction(() => {
        bench.store.transaction(() => say("inner"));
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(bench.store.events.tip()).toBe(0);
    expect(heard).toEqual([]);
  });

  test("a nested call that fails leaves nothing half done, even if the outer call goes on", () => {
    bench.store.transaction(() => {
      say("before");
      expect(() =>
        bench.store.transaction(() => {
          bench.store.sessions.setState(session.sessionId, "busy");
          say("inner");
          throw new Error("no");
        }),
      ).toThrow("no");
      say("after");
    });
    expect(heard).toEqual([["before", "after"]]);
    expect(bench.store.events.ofSession(session.sessionId, 0, 10).map((event) => event.seq)).toEqual([1, 2]);
    expect(bench.store.sessions.get(session.sessionId)?.state).toBe("idle");
  });
});

describe("misuse and failing storage", () => {
  test("appending outside a transaction is refused", () => {
    expect(() => say("alone")).toThrow(/outside a transaction/);
    expect(bench.store.events.tip()).toBe(0);
  });

  test("work that returns a promise is refused and undone", () => {
    expect(() => bench.store.transaction(async () => say("too late"))).toThrow(/must be synchronous/);
    expect(bench.store.events.tip()).toBe(0);
  });

  test("F20: a full disk is storage_failed, and nothing is half written", () => {
    const pages = Number(bench.connection.pragma("page_count", { simple: true }));
    bench.connection.pragma(`max_page_count = ${pages + 4}`);
    const turn = aTurn(session.sessionId);
    const submit = (): void => {
      bench.store.transaction(() => {
        bench.store.turns.insert(turn);
        for (let part = 0; part < 100; part += 1) say("x".repeat(100_000));
      });
    };
    expect(submit).toThrow(
      expect.objectContaining({ name: "DaylongError", code: "storage_failed", status: 503 }),
    );
    expect(submit).toThrow(
      expect.objectContaining({ cause: expect.objectContaining({ code: "SQLITE_FULL" }) }),
    );
    expect(heard).toEqual([]);
    expect(bench.store.turns.get(turn.turnId)).toBeUndefined();
    expect(bench.store.events.tip()).toBe(0);
    expect(bench.store.sessions.get(session.sessionId)?.lastSeq).toBe(0);

    bench.connection.pragma("max_page_count = 1000000");
    submit();
    expect(bench.store.events.tip()).toBe(100);
    expect(bench.connection.pragma("integrity_check", { simple: true })).toBe("ok");
  });

  test("a full disk takes the whole transaction with it, even if the error of a nested call is swallowed", () => {
    const pages = Number(bench.connection.pragma("page_count", { simple: true }));
    bench.connection.pragma(`max_page_count = ${pages + 4}`);
    const storageFailed = expect.objectContaining({ code: "storage_failed" });
    const submit = (): void => {
      bench.store.transaction(() => {
        say("before");
        expect(() =>
          bench.store.transaction(() => {
            for (let part = 0; part < 100; part += 1) say("x".repeat(100_000));
          }),
        ).toThrow(storageFailed);
        expect(() => say("after")).toThrow(/outside a transaction/);
        expect(() => bench.store.transaction(() => say("after"))).toThrow(storageFailed);
      });
    };
    expect(submit).toThrow(storageFailed);
    expect(heard).toEqual([]);
    expect(bench.store.events.tip()).toBe(0);
  });

  test("F20: a lock held by another program is storage_failed after the busy timeout", () => {
    const other = openDatabase({ path: bench.path });
    other.exec("BEGIN IMMEDIATE");
    bench.connection.pragma("busy_timeout = 20");
    expect(() => bench.store.transaction(() => say("blocked"))).toThrow(
      expect.objectContaining({ code: "storage_failed" }),
    );
    expect(() => bench.store.sessions.setState(session.sessionId, "busy")).toThrow(
      expect.objectContaining({ code: "storage_failed" }),
    );
    other.exec("ROLLBACK");
    other.close();
    bench.store.transaction(() => say("free"));
    expect(heard).toEqual([["free"]]);
  });
});
