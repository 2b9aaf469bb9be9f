import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { pathListSettings, pathSettings, settingAliases, settingNames } from "../../../server/app/config.ts";
import { gatherEnvironment } from "../../../server/platform/environmentFiles.ts";

let folder: string;
let [caller, program, data] = ["", "", ""];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "daylong-environment-"));
  [caller, program, data] = [join(folder, "caller"), join(folder, "program"), join(folder, "data")];
  for (const path of [caller, program, data]) mkdirSync(path);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const fileOf = (place: string) => join(place, ".env");
const write = (place: string, text: string | Buffer) => writeFileSync(fileOf(place), text);

const gather = (
  environment: Record<string, string> = {},
  more: { flags?: { dataDir?: string; port?: string }; programDir?: undefined } = {},
) =>
  gatherEnvironment({
    environment,
    flags: {},
    callerDir: caller,
    programDir: program,
    defaultDataDir: data,
    names: {
      settings: settingNames,
      paths: pathSettings,
      pathLists: pathListSettings,
      aliases: settingAliases,
      isForeign: (name) => name.startsWith("ANTHROPIC_"),
    },
    ...more,
  });

describe("DOOR-16: which files the configuration is read from", () => {
  test("DOOR-16: those of the data folder and of the program, never the one of the folder that the command is called in", () => {
    write(caller, "CLAUDE_BIN=/tmp/evil\nHOST=0.0.0.0\nPROJECT_ROOTS=/\nALLOW_BYPASS_PERMISSIONS=true");
    expect(gather()).toEqual({ environment: { DATA_DIR: data }, files: [], notices: [], faults: [] });
    write(program, "PORT=1");
    write(data, "HOST=::1");
    expect(gather().environment).toEqual({ DATA_DIR: data, PORT: "1", HOST: "::1" });
    expect(gather().files).toEqual([fileOf(program), fileOf(data)]);
  });

  test("DOOR-16: a flag wins over the environment, that over the data folder's file, and that over the program's", () => {
    write(program, "PORT=1\nHOST=a\nLOG_LEVEL=error\nMAX_QUEUED_TURNS=1");
    write(data, "PORT=2\nHOST=b\nLOG_LEVEL=warn");
    const { environment } = gather({ PORT: "3", HOST: "c" }, { flags: { port: "4" } });
    expect(environment).toMatchObject({ PORT: "4", HOST: "c", LOG_LEVEL: "warn", MAX_QUEUED_TURNS: "1" });
  });

  test("DOOR-16: the data folder is named by a flag, the environment or the program's file, and its own file cannot move it", () => {
    const other = join(folder, "other");
    mkdirSync(other);
    write(other, "PORT=9\nDATA_DIR=/elsewhere");
    write(program, `DATA_DIR=${other}`);
    const named = gather();
    expect(named.environment).toEqual({ DATA_DIR: other, PORT: "9" });
    expect(named.notices).toEqual([expect.stringMatching(/^DATA_DIR in .*other\/\.env is not followed/)]);
    expect(gather({ DATA_DIR: data }).environment).toEqual({ DATA_DIR: data });
    expect(gather({ DATA_DIR: "/x" }, { flags: { dataDir: "../data" } }).environment).toEqual({
      DATA_DIR: data,
    });
    // The demo reads nothing of the owner's.
    expect(gather({}, { programDir: undefined }).environment).toEqual({ DATA_DIR: data });
  });
});

describe("REPORT-8: how values are read", () => {
  test("REPORT-8: an empty value is none, wherever it stands, and lets the next source speak", () => {
    write(program, "HOST=\nLOG_LEVEL=\nANTHROPIC_API_KEY=");
    write(data, "HOST=::1");
    const { environment } = gather({ HOST: "", PORT: " ", APNS_ENVIRONMENT: "\t", ANTHROPIC_MODEL: "m" });
    expect(environment).toEqual({ DATA_DIR: data, HOST: "::1", ANTHROPIC_MODEL: "m" });
  });

  test("REPORT-8: a relative path starts where it was written, and ~ and $HOME are the home directory", () => {
    write(program, "APNS_KEY_PATH=keys/apns.p8\nTLS_CERT_PATH=$HOME/cert.pem\nCLAUDE_CONFIG_DIR=~/claude");
    write(data, `APNS_CA_PATH=./ca.pem\nPROJECT_ROOTS=work:~/code:\${HOME}/more:`);
    const { environment } = gather({ TLS_KEY_PATH: "../key.pem", CLAUDE_BIN: "claude" });
    expect(environment).toEqual({
      DATA_DIR: data,
      APNS_KEY_PATH: join(program, "keys/apns.p8"),
      TLS_CERT_PATH: join(homedir(), "cert.pem"),
      CLAUDE_CONFIG_DIR: join(homedir(), "claude"),
      APNS_CA_PATH: join(data, "ca.pem"),
      PROJECT_ROOTS: [join(data, "work"), join(homedir(), "code"), join(homedir(), "more")].join(":"),
      TLS_KEY_PATH: join(folder, "key.pem"),
      CLAUDE_BIN: "claude",
    });
    expect(gather({ DATA_DIR: "~/x" }).environment.DATA_DIR).toBe(join(homedir(), "x"));
    expect(gather({ DATA_DIR: "sub" }).environment.DATA_DIR).toBe(join(caller, "sub"));
  });

  test("REPORT-8: the rollback's other name is taken and said, and its own name wins", () => {
    const alias = "CLAUDE_CODE__CLAUDE__USE_INTERACTIVE_SESSIONS";
    const taken = gather({ [alias]: "false" });
    expect(taken.environment).toEqual({ DATA_DIR: data, USE_INTERACTIVE_SESSIONS: "false" });
    expect(taken.notices).toEqual([`${alias} in the environment is taken as USE_INTERACTIVE_SESSIONS.`]);
    const both = gather({ [alias]: "false", USE_INTERACTIVE_SESSIONS: "true" });
    expect(both.environment.USE_INTERACTIVE_SESSIONS).toBe("true");
    expect(both.notices).toHaveLength(1);
  });

  test("REPORT-8: a name that looks like a setting is named with it; in a file every name that means nothing is", () => {
    write(data, "MAX_SESSIONS=3\nCOLOUR=blue\nANTHROPIC_API_KEY=secret");
    const { notices } = gather({ MAX_SESSIONS: "3", COLOUR: "blue" });
    expect(notices).toEqual([
      "MAX_SESSIONS in the environment is no setting. Is MAX_CONCURRENT_SESSIONS meant?",
      `MAX_SESSIONS in ${fileOf(data)} is no setting. Is MAX_CONCURRENT_SESSIONS meant?`,
      `COLOUR in ${fileOf(data)} is no setting, and means nothing here.`,
    ]);
    expect(notices.join()).not.toMatch(/blue|secret/);
  });

  test("REPORT-8: a file in UTF-16 is a fault, a byte order mark of UTF-8 is none, and lines that set nothing are numbered", () => {
    write(data, Buffer.from("\ufeffPORT=1\n", "utf16le"));
    expect(gather().faults).toEqual([expect.stringContaining(`${fileOf(data)}: is not UTF-8 text`)]);
    write(data, Buffer.from("PORT=1\n", "utf16le"));
    expect(gather().faults).toHaveLength(1);
    write(
      data,
      '\ufeffPORT=1\n# a comment\n\nexport HOST=::1\nPORT 2\nVAPID_SUBJECT="a\nno setting\nb"\n=x\n',
    );
    const { environment, faults, notices } = gather();
    expect([environment.PORT, environment.HOST, faults]).toEqual(["1", "::1", []]);
    expect(notices.map((notice) => /line (\d+)/.exec(notice)?.[1])).toEqual(["5", "9"]);
    expect(notices.join()).not.toContain("PORT 2");
  });

  test("REPORT-8: a file that cannot be read is a fault, and none of a folder that is missing", () => {
    mkdirSync(fileOf(data));
    expect(gather().faults).toEqual([`${fileOf(data)}: cannot be read (EISDIR)`]);
    expect(gather({ DATA_DIR: join(folder, "missing") })).toMatchObject({ faults: [], files: [] });
  });
});
