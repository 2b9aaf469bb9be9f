import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, test } from "@jest/globals";
import { type AttachedProgram, openAttach } from "../../support/server/attachedProgram.ts";
import { eventually, startServer } from "../../support/server/daylongServer.ts";
import { useScene } from "../../support/server/scene.ts";

describe("daylong attach", () => {
  const scene = useScene({ every: "file", keepsPort: true });
  const programs: AttachedProgram[] = [];
  afterEach(async () => {
    for (const program of programs.splice(0)) await program.kill();
  });

  const newSession = async (): Promise<string> => {
    const { body } = await scene.server.ask("POST", "/api/sessions", { projectPath: scene.bench.project });
    return body.sessionId;
  };
  const open = (...args: string[]): AttachedProgram => {
    const program = openAttach([...args, "--data-dir", scene.bench.dataDir], { HOME: scene.bench.home });
    programs.push(program);
    return program;
  };
  const attached = async (sessionId: string): Promise<AttachedProgram> => {
    const program = open(sessionId);
    await program.shows("Ctrl-D leaves");
    return program;
  };
  const sent = async (sessionId: string, message: string) => {
    const { body } = await scene.server.ask(
      "POST",
      "/api/chat",
      { sessionId, message },
      { headers: { prefer: "wait=60" } },
    );
    return body;
  };
  /** The program with its input from a pipe. */
  const piped = (input: string, ...args: string[]) => pipedTo(scene.bench.dataDir, input, ...args);
  const pipedTo = async (dataDir: string, input: string, ...args: string[]) => {
    const program = resolve("dist/server/commands/daylong.js");
    const child = spawn(process.execPath, [program, "attach", ...args, "--data-dir", dataDir], {
      env: { PATH: process.env.PATH ?? "", HOME: scene.bench.home },
    });
    child.stdin.end(input);
    const exited = new Promise<number | null>((done) => child.once("exit", done));
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
    return { stdout, stderr, code };
  };

  test("O15: a session that is begun here streams its answer as readable Markdown, and is left with Ctrl-D", async () => {
    const program = open("--new", scene.bench.project);
    await program.shows("Ctrl-D leaves");
    program.write("Why does login fail?\r");
    await program.shows("See RFC 6749, section 6 (https://www.rfc-editor.org/rfc/rfc6749#section-6).");
    await program.shows(/^ {2}\d+ s/m);
    const shown = program.screen.text;
    expect(shown).toContain("❯ Why does login fail?");
    expect(shown).toContain("● Login fails because the token is read before it is refreshed");
    expect(shown).toContain("  1. auth.ts keeps the token");
    expect(shown).toContain("  │ export async function currentToken(): Promise<string> {");
    expect(shown).toMatch(/auth\.ts +wait for the refresh +\+12 −3/);
    expect(shown).toContain("▏ The tests of session.ts pass");
    expect(shown).not.toMatch(/\*\*|```|\|---/);
    program.write("\u0004");
    expect(await program.exited).toBe(0);
    expect(program.screen.text).toMatch(/Left; the session goes on\. .*attach [0-9a-f-]{36} comes back\./);
  });

  test("O15: shows what was said before and what another device says, each once, and tools in a line", async () => {
    const sessionId = await newSession();
    await sent(sessionId, "say: First of all.");
    const program = await attached(sessionId);
    expect(program.screen.text).toContain("● First of all.");
    await sent(sessionId, "run: echo there");
    await program.shows("Done. It printed: there");
    await program.shows(/^✓ Bash +echo there/m);
    program.write("say: And here.\r");
    await program.shows("● And here.");
    for (const once of ["● First of all.", "It printed: there", "● And here.", "❯ say: And here."])
      expect(program.screen.text.split(once)).toHaveLength(2);
  });

  test("O15: without an id it lists the sessions, and opens the one that is chosen", async () => {
    const sessionId = await newSession();
    await scene.server.ask("PATCH", `/api/sessions/${sessionId}`, { title: "The chosen one" });
    const program = open();
    await program.shows("The chosen one");
    expect(program.screen.text).toContain("+ a new session");
    program.write("\r");
    await program.shows("Ctrl-D leaves");
    await program.shows("The chosen one · ");
    program.write("\u0004");
    expect(await program.exited).toBe(0);
    const left = open();
    await left.shows("The chosen one");
    left.write("q");
    expect(await left.exited).toBe(0);
  });

  test("O15: a permission is allowed with one key, and what was asked is said", async () => {
    const program = await attached(await newSession());
    program.write("run: touch by-a-key.txt\r");
    await program.shows("[y] allow once");
    expect(program.screen.text).toContain("touch by-a-key.txt");
    program.write("y");
    await program.loses("[y]");
    await program.shows("Allowed: ");
    await program.shows("● Done.");
  });

  test("O15: a key pressed at the moment in which a question comes goes to the message, not to the question", async () => {
    const program = await attached(await newSession());
    program.write("run: touch unasked.txt\r");
    await program.shows("(y) allow once");
    program.write("y");
    await program.shows("Tab answers it");
    await program.shows("❯ y");
    const { body } = await scene.server.ask("GET", "/api/permissions");
    expect(body.permissions).toHaveLength(1);
    program.write("\u007f\t");
    await program.shows("[n] deny");
    program.write("n");
    await program.shows("Denied: ");
  });

  test("O15: a permission that another device answers first is withdrawn", async () => {
    const program = await attached(await newSession());
    program.write("run: touch elsewhere.txt\r");
    await program.shows("[y] allow once");
    const phone = await scene.server.pair("a phone", "admin");
    const { body } = await scene.server.ask("GET", "/api/permissions");
    const { permissionId } = body.permissions[0];
    await scene.server.ask(
      "POST",
      `/api/permissions/${permissionId}`,
      { decision: "deny" },
      { token: phone.token },
    );
    await program.loses("[y]");
    await program.shows("Denied on another device: ");
    await program.shows("● The tool did not run");
  });

  test("O15: a question is answered with a digit, and a plan is approved with a key", async () => {
    const sessionId = await newSession();
    const program = await attached(sessionId);
    program.write("ask: Which colour? red | green\r");
    await program.shows("[1-2] answer");
    expect(program.screen.text).toMatch(/ 2 green/);
    program.write("2");
    await program.shows(/● Done\.[\s\S]*green/);
    await scene.server.ask("PATCH", `/api/sessions/${sessionId}`, { permissionMode: "plan" });
    program.write("plan: paint it\r");
    await program.shows("[y] go on");
    program.write("y");
    await program.loses("[y]");
    await program.shows("Allowed: ");
  });

  test("O15: Ctrl-C interrupts what Claude says", async () => {
    const program = await attached(await newSession());
    program.write("slow: 60\r");
    await program.shows("word1");
    program.write("\u0003");
    await program.shows("Interrupted.");
    expect(program.screen.text).toContain("broken off here");
    program.write("say: Still here.\r");
    await program.shows("● Still here.");
  });

  test("O15: control characters, colours, titles and reading directions of others never reach the terminal raw", async () => {
    const sessionId = await newSession();
    const program = await attached(sessionId);
    const hostile =
      "\u001b]0;title\u0007 \u001b[31mred\u001b[2J \u009b1m \u202etxt.exe \u2066x \u001b]8;;http://x\u001b\\link \u0008";
    await sent(sessionId, `say: Look: ${hostile} end`);
    await program.shows("● Look: ");
    writeFileSync(join(scene.bench.project, "hostile.txt"), `Read: ${hostile}`);
    await sent(sessionId, "run: cat hostile.txt");
    await program.shows("It printed: Read: ");
    // The screen throws at everything that is not the program's own.
    const shown = program.screen.text;
    expect(shown).toContain("\\u{1b}]0;title\\u{7} \\u{1b}[31mred\\u{1b}[2J \\u{9b}1m \\u{202e}txt.exe");
    for (const harmful of ["\u001b]", "\u009b", "\u202e"]) expect(program.screen.raw).not.toContain(harmful);
    program.write("\u001b[5~");
    await program.shows("q goes back");
    expect(program.screen.isAlternate).toBe(true);
    program.write("q");
    await program.shows("Ctrl-D leaves");
    expect(program.screen.isAlternate).toBe(false);
  });

  test("O15: commands are completed, and a message has several lines", async () => {
    const program = await attached(await newSession());
    program.write("/keep");
    await program.shows("› /keep-alive");
    program.write("\t\r");
    await program.shows("The session lives until ");
    program.write("say: one\u001b\rtwo\r");
    await program.shows(/● one\s+two|● one two/);
    expect(program.screen.text).toMatch(/❯ say: one\n {2}two/);
    program.write("\u001b[A");
    await program.shows(/❯ say: one\n {2}two\n[^\n]*Ctrl-D leaves/);
  });

  test("O15: a window that becomes narrower in the middle of an answer, and wider again, shows every line once and in its width", async () => {
    const program = await attached(await newSession());
    program.write("slow: 20\r");
    await program.shows("word3");
    program.resize(44, 20);
    await program.shows(/word20 end\./);
    await program.loses("Claude works");
    program.write("say: A message that is longer than the forty-four columns of the window.\r");
    await program.shows(/● A message that is longer than the\n {2}forty-four columns of the window\./);
    const rows = program.screen.text.split("\n");
    expect(rows.filter((row) => row.length > 44)).toEqual([]);
    expect(program.screen.text.split("❯ slow: 20")).toHaveLength(2);
    expect(program.screen.text.match(/\bword17\b/g)).toHaveLength(1);
    program.resize(110, 30);
    program.write("say: Another message that is longer than the forty-four columns were.\r");
    await program.shows("● Another message that is longer than the forty-four columns were.");
    expect(program.screen.text.match(/Ctrl-D leaves/g)).toHaveLength(1);
  });

  test("O15: a server that is killed in the middle of an answer and comes back is gone on with", async () => {
    const program = await attached(await newSession());
    program.write("slow: 60\r");
    await program.shows("word2");
    await scene.server.kill("SIGKILL");
    await program.shows("No connection");
    program.write("say: Written in between.\r");
    await program.shows("not sent yet: say: Written in between.");
    scene.server = await startServer(scene.environment);
    await program.shows("Interrupted (server_restarted)");
    await program.shows("● Written in between.");
    expect(program.screen.text.split("● Written in between.")).toHaveLength(2);
    expect(program.screen.text).not.toContain("not sent yet");
  });

  test("O15: a terminal that stood still, as on a closed laptop, gets what it missed when it wakes", async () => {
    const sessionId = await newSession();
    const program = await attached(sessionId);
    process.kill(program.pid, "SIGSTOP");
    const sockets = async () => {
      const { body } = await scene.server.ask("GET", "/metrics");
      return /^daylong_sockets (\d+)$/m.exec(body)?.[1];
    };
    expect(await sockets()).toBe("1");
    await sent(sessionId, "say: While it slept.");
    await eventually("the server has let go of the silent socket", async () => (await sockets()) === "0");
    await sent(sessionId, "say: Without a socket.");
    process.kill(program.pid, "SIGCONT");
    await program.shows("● Without a socket.");
    for (const once of ["● While it slept.", "● Without a socket."])
      expect(program.screen.text.split(once)).toHaveLength(2);
    program.write("say: Awake.\r");
    await program.shows("● Awake.");
  });

  test("O15: Ctrl-Z stops it as any job of a shell, and it goes on where it is brought back", async () => {
    const sessionId = await newSession();
    const here = ["--data-dir", scene.bench.dataDir];
    const program = openAttach([sessionId, ...here], { HOME: scene.bench.home }, true);
    programs.push(program);
    await program.shows("Ctrl-D leaves");
    program.write("\u001a");
    await program.shows(/The job is stopped\.[\s\S]*Ctrl-D leaves/);
    program.write("say: Back again.\r");
    await program.shows("● Back again.");
    program.write("\u0004");
    expect(await program.exited).toBe(0);
  });

  test("O15: leaves the terminal as it was when it is ended, and does not stop where nobody could bring it back", async () => {
    const program = await attached(await newSession());
    program.write("\u001a");
    program.write("say: Still here.\r");
    await program.shows("● Still here.");
    process.kill(program.pid, "SIGTERM");
    expect(await program.exited).toBe(143);
    // Pastes as they were, the cursor shown, no attribute left.
    expect(program.screen.raw.endsWith("\u001b[?2004l\u001b[?25h\u001b[0m")).toBe(true);
  });

  test("O15: speaks to a server with a certificate of its own, known by its fingerprint", async () => {
    const dataDir = join(scene.bench.dir, "secure");
    const secure = await startServer({
      ...scene.environment,
      DATA_DIR: dataDir,
      PORT: "0",
      TLS: "self-signed",
    });
    try {
      const reply = await pipedTo(dataDir, "say: Over TLS.", "--new", scene.bench.project, "--once");
      expect(reply).toEqual({ stdout: "Over TLS.\n", stderr: "", code: 0 });
    } finally {
      expect(await secure.kill("SIGTERM")).toBe(0);
    }
  });

  test("O15: works without a terminal: one message in, one reply out", async () => {
    const sessionId = await newSession();
    const reply = await piped("say: Hello, \u001b[31mpipe\n", sessionId.slice(0, 13), "--once");
    expect(reply).toEqual({ stdout: "Hello, \\u{1b}[31mpipe\n", stderr: "", code: 0 });
    const json = await piped("say: Hello\u202e", sessionId, "--once", "--json");
    expect(json.stdout).toContain("\\u202e");
    expect(JSON.parse(json.stdout)).toMatchObject({ text: "Hello\u202e" });
    const lines = await piped("say: One.\nsay: Two.\n", sessionId);
    expect(lines).toEqual({ stdout: "One.\nTwo.\n", stderr: "", code: 0 });
    const failed = await piped("error: 400", sessionId, "--once");
    expect([failed.code, failed.stderr]).toEqual([
      1,
      expect.stringMatching(/^daylong: The message was not answered \(\w+\): /),
    ]);
    const nothing = await piped("", sessionId, "--once");
    expect([nothing.code, nothing.stderr]).toEqual([1, expect.stringContaining("There is no message")]);
    const nowhere = await piped("hi", "--once");
    expect([nowhere.code, nowhere.stderr]).toEqual([64, expect.stringContaining("SESSION is missing")]);
    const unknown = await piped("hi", "zzzz", "--once");
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      expect.stringContaining("No session has an id that begins with zzzz"),
    ]);
  });

  test("O15: a pipe is told of a question that waits, and gets the reply when another device has answered", async () => {
    const sessionId = await newSession();
    const running = piped("run: touch from-a-pipe.txt", sessionId, "--once");
    const permission = await eventually("the permission is open", async () => {
      const { body } = await scene.server.ask("GET", "/api/permissions");
      return body.permissions.find((one: { sessionId: string }) => one.sessionId === sessionId);
    });
    await scene.server.ask("POST", `/api/permissions/${permission.permissionId}`, { decision: "allow" });
    const { stdout, stderr, code } = await running;
    expect([code, stdout]).toEqual([0, expect.stringContaining("Done.")]);
    expect(stderr).toContain("waits for an answer on another device");
  });
});
