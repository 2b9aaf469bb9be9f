import { describe, expect, test } from "@jest/globals";
import { DaylongError } from "../../../../server/domain/errors.ts";
import {
  allowanceDetail,
  beyondReading,
  refuseBeyondScope,
  type WantedAllowances,
} from "../../../../server/domain/sessions/allowances.ts";

const set = { allowBypassPermissions: false, chatMayAcceptEdits: true };
const verdict = (wanted: WantedAllowances, scope: "chat" | "admin", more = {}): string => {
  try {
    refuseBeyondScope(wanted, scope, { ...set, ...more });
    return "taken";
  } catch (error) {
    return error instanceof DaylongError ? error.code : String(error);
  }
};

describe("DOOR-4: what a token may let a session do without asking", () => {
  test("DOOR-4: rules for tools that look at files are told from all others, however they are written", () => {
    const reading = ["Read", "Grep", "Glob", "LS", "NotebookRead", "Read(src/**)", "Grep(*.ts)"];
    expect(beyondReading(reading)).toEqual([]);
    const others = [
      ...["Bash", "Bash(ls:*)", "Edit", "Write", "WebFetch", "mcp__files__read", "Task", "*", ""],
      ...["read", "Read ", " Read", "Reader", "ReadBash", "Read,Bash", "Read Bash", "Read\nBash"],
      ...[
        "Read(a),Bash",
        "Read(a) Bash(b)",
        "Read(a,Bash)",
        "Read(a)(b)",
        "Read(a",
        "Read)",
        "Read(\\),Bash(x)",
        "Read;Bash",
        "Read|Bash",
        "Read\u00a0Bash",
        "Read\u2028Bash",
        "Re\u200bad",
        "\uff32\uff45\uff41\uff44",
        "R\u0435ad",
        "Read()Bash",
        "Read(())",
        "Read\t",
        "Grep(x)\nEdit",
        "LS ",
        "constructor",
        "__proto__",
        "ReadMcpResourceTool",
        "GlobTool",
      ],
    ];
    expect(beyondReading(others)).toEqual(others);
  });

  test("DOOR-4: tools beyond reading need an admin, or the owner's setting", () => {
    const wanted = { options: { allowedTools: ["Read", "Bash"] } };
    expect(verdict(wanted, "chat")).toBe("tools_forbidden");
    expect(verdict(wanted, "admin")).toBe("taken");
    expect(verdict(wanted, "chat", { allowBypassPermissions: true })).toBe("taken");
    expect(verdict({ options: { allowedTools: ["Read"] } }, "chat")).toBe("taken");
    expect(verdict({ options: { allowedTools: [] } }, "chat")).toBe("taken");
  });

  test("DOOR-4: one rule beyond reading among a thousand for reading is found, and the sentence stays short", () => {
    const allowedTools = [...Array<string>(999).fill("Read"), "Bash"];
    expect(verdict({ options: { allowedTools } }, "chat")).toBe("tools_forbidden");
    const many = { options: { allowedTools: Array.from({ length: 1_000 }, (_, index) => `Bash(${index})`) } };
    expect(() => refuseBeyondScope(many, "chat", set)).toThrow(
      /^.{0,200}and more run without asking.{0,100}$/,
    );
  });

  test("DOOR-4: a token for reading, were it asked, may choose no more than one for chat", () => {
    for (const options of [{ allowedTools: ["Bash"] }, { systemPrompt: "x" }])
      expect(() => refuseBeyondScope({ options }, "read", set)).toThrow(DaylongError);
  });

  test("DOOR-4: a system prompt in the place of Claude's own needs an admin, and no setting helps", () => {
    const wanted = { options: { systemPrompt: "" } };
    expect(verdict(wanted, "chat", { allowBypassPermissions: true })).toBe("prompt_forbidden");
    expect(verdict(wanted, "admin")).toBe("taken");
  });

  test("DOOR-4: the mode acceptEdits needs an admin where the owner has closed it to chat; bypass needs the setting with every token", () => {
    const edits = { permissionMode: "acceptEdits" } as const;
    const closed = { chatMayAcceptEdits: false };
    expect([verdict(edits, "chat"), verdict(edits, "chat", closed), verdict(edits, "admin", closed)]).toEqual(
      ["taken", "permission_mode_forbidden", "taken"],
    );
    const bypass = { permissionMode: "bypassPermissions" } as const;
    expect([verdict(bypass, "admin"), verdict(bypass, "chat", { allowBypassPermissions: true })]).toEqual([
      "permission_mode_forbidden",
      "taken",
    ]);
    for (const permissionMode of ["default", "plan", "dontAsk"] as const)
      expect(verdict({ permissionMode }, "chat", closed)).toBe("taken");
  });

  test("DOOR-4: the audit names tools and mode, and of words only how many there are", () => {
    const options = { allowedTools: ["Read", "Bash"], systemPrompt: "secret", appendSystemPrompt: "four" };
    expect(allowanceDetail("plan", options)).toBe(
      "permissionMode plan; allowedTools Read, Bash; systemPrompt of 6 characters; appendSystemPrompt of 4 characters",
    );
    expect(allowanceDetail("default", { allowedTools: [] })).toBe("");
  });
});
