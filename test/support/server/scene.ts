import { afterAll, afterEach, beforeAll, beforeEach, expect } from "@jest/globals";
import { type DemoModel, startDemoModel } from "../../../server/demo/model.ts";
import { type ApnsStandIn, startApnsStandIn } from "../push/apnsStandIn.ts";
import {
  type Bench,
  benchEnvironment,
  type DaylongServer,
  makeBench,
  processesOf,
  type Side,
  sideSettings,
  startDefaultServer,
  startServer,
} from "./daylongServer.ts";
import { steadyPort } from "./steadyPort.ts";

/** A whole Daylong as its user has it: folders, the demo model, the server in a process of its own. */
export interface Scene {
  bench: Bench;
  model: DemoModel;
  /** Only in a scene with `apple`. */
  apple: ApnsStandIn;
  /** What the server was started with. A test may start others with it. */
  environment: Record<string, string>;
  /** The server that runs now; a test that kills it puts another one here. */
  server: DaylongServer;
}

export interface SceneParts {
  /** How long one scene serves. */
  every: "test" | "file";
  /** Whether pushes go to a stand-in of Apple's. */
  apple?: boolean;
  /** Whether a server that is killed and started again has to have the same port. */
  keepsPort?: boolean;
  /** Whether it keeps spares as owners have it; else it has the processes of its sessions and no others. */
  spares?: boolean;
  /** The side of the operating system that the server takes. */
  side?: Side;
  /** On top of the bench's own environment. */
  settings?: Record<string, string>;
}

/** What makes a server push to the stand-in. */
export const apnsSettings = (apple: ApnsStandIn): Record<string, string> => ({
  APNS_KEY_PATH: apple.keyPath,
  APNS_KEY_ID: apple.keyId,
  APNS_TEAM_ID: apple.teamId,
  APNS_BUNDLE_ID: apple.topic,
  APNS_HOST: apple.host,
  APNS_PORT: String(apple.port),
  APNS_CA_PATH: apple.caPath,
});

/**
 * Sets a scene before each test, or before the first of a file, and strikes it afterwards: the server has to end by itself
 * with exit code 0 and must leave no process behind.
 */
export function useScene({
  every,
  apple = false,
  keepsPort = false,
  spares = false,
  side = "linux",
  settings = {},
}: SceneParts): Scene {
  const scene = {} as Scene;
  const [before, after] = every === "test" ? [beforeEach, afterEach] : [beforeAll, afterAll];
  before(async () => {
    scene.bench = makeBench();
    scene.model = await startDemoModel();
    const own = Object.assign(sideSettings(scene.bench, side), settings);
    scene.environment = { ...benchEnvironment(scene.bench, scene.model.url), ...own };
    if (keepsPort) scene.environment.PORT = String(await steadyPort());
    if (apple) {
      scene.apple = await startApnsStandIn({ tlsDir: scene.bench.dir });
      Object.assign(scene.environment, apnsSettings(scene.apple));
    }
    scene.server = await (spares ? startDefaultServer : startServer)(scene.environment);
  });
  after(async () => {
    expect(await scene.server.kill("SIGTERM")).toBe(0);
    expect(processesOf(scene.bench)).toEqual([]);
    if (apple) await scene.apple.close();
    await scene.model.stop();
    scene.bench.remove();
  });
  return scene;
}
