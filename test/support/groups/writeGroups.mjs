import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

/** So many test files share their modules. More would load less, and leave one worker waiting for the other at the end. */
const filesPerGroup = 16;

/**
 * The files that take longest, two seconds and more each: tens of thousands of cases, real repositories, waits of the network.
 * `scripts/test --quick` leaves them to the whole run; without them it takes less than half of the time.
 */
const longest = [
  "test/integration/access/tokenFailures.test.ts",
  "test/integration/app/clockJumps.test.ts",
  "test/integration/app/compose.files.test.ts",
  "test/integration/claude/auxiliary/auxiliaryProcesses.test.ts",
  "test/integration/claude/start/gitUse.test.ts",
  "test/integration/client/brokenConnections.test.ts",
  "test/integration/client/goldenFixtures.test.ts",
  "test/integration/commands/doctor/examine.test.ts",
  "test/integration/delivery/outbox/outboxSender.test.ts",
  "test/integration/git/gitChanges.test.ts",
  "test/integration/git/gitDangers.test.ts",
  "test/integration/http/app.test.ts",
  "test/integration/http/documents/openapi.test.ts",
  "test/integration/http/openai/completions.test.ts",
  "test/integration/http/revocations.test.ts",
  "test/integration/http/routes/chat/chat.examples.test.ts",
  "test/integration/http/routes/chat/uploads.test.ts",
  "test/integration/http/routes/sessions/output.test.ts",
  "test/integration/mutate/typeCheck.test.ts",
  "test/integration/pool/pool.walk.test.ts",
  "test/integration/push/apns/apnsSender.test.ts",
  "test/integration/push/webPush/webPushSender.test.ts",
  "test/integration/socket/gateway.resume.test.ts",
  "test/integration/socket/gateway.test.ts",
  "test/unit/claude/auxiliary/spareProcesses.test.ts",
  "test/unit/claude/os/reaper.test.ts",
  "test/unit/client/upload.test.ts",
  "test/unit/delivery/outbox/quietHours.test.ts",
  "test/unit/domain/delivery/frameText.test.ts",
  "test/unit/push/apns/activityPayload.test.ts",
];

/**
 * Writes one test file a group: it loads the test files of neighbouring rooms, which use the same sources. What a file
 * mocks would be mocked in all of its group, so that a file with mocks of modules is a group of its own.
 */
export function writeGroups({ kinds, directory, isQuick }) {
  const every = kinds.flatMap(testFiles).sort(byRoom);
  const gone = longest.filter((path) => !every.includes(path));
  if (gone.length > 0) throw new Error(`No such test files: ${gone.join(", ")}.`);
  const files = isQuick ? every.filter((path) => !longest.includes(path)) : every;
  const alone = files.filter((path) => readFileSync(path, "utf8").includes("unstable_mockModule("));
  const shared = files.filter((path) => !alone.includes(path));
  const count = Math.ceil(shared.length / filesPerGroup);
  const groups = Array.from({ length: count }, (_, index) =>
    shared.slice(
      Math.round((index * shared.length) / count),
      Math.round(((index + 1) * shared.length) / count),
    ),
  );
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const [index, group] of [...groups, ...alone.map((path) => [path])].entries()) {
    const rooms = [...new Set(group.map(room))].join("-");
    const name = `${String(index + 1).padStart(2, "0")}-${rooms}.test.js`;
    writeFileSync(join(directory, name), group.map(loading).join(""));
  }
}

const testFiles = (kind) =>
  readdirSync(join("test", kind), { recursive: true })
    .filter((path) => path.endsWith(".test.ts"))
    .map((path) => `test/${kind}/${path}`);
/** What a test is about is the first folder below its kind; `architecture` has no folders. */
const room = (path) => path.split("/").slice(1, -1)[1] ?? "architecture";
/** A unit test and an integration test of the same source are neighbours. */
const withinKind = (path) => path.split("/").slice(2).join("/");
const byRoom = (a, b) => compare(room(a), room(b)) || compare(withinKind(a), withinKind(b));
const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const loading = (path) =>
  `await describeFile(${JSON.stringify(path)}, () => import(${JSON.stringify(resolve(path))}));\n`;
