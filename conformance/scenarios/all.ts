import type { Scenario } from "../scenario.ts";
import { closeCodes, halfOpen, presence, revoked, slowServer } from "./connection.ts";
import { keepAlive, permissions, permissionsAfterGap, pushes } from "./decisions.ts";
import { ackAfterStore, dropsAtEachStep, duplicates, epochChange, truncated, unknowns } from "./events.ts";
import { chat, deltas, droppedBeforeAnswer, droppedBeforeKept, offlineQueue, refusals } from "./messages.ts";
import { pairedOnce, pairingAndHello } from "./pairing.ts";

/** Every scenario, in the order in which they are played. */
export const scenarios: readonly Scenario[] = [
  pairingAndHello,
  pairedOnce,
  chat,
  droppedBeforeKept,
  droppedBeforeAnswer,
  dropsAtEachStep,
  duplicates,
  ackAfterStore,
  offlineQueue,
  refusals,
  deltas,
  unknowns,
  truncated,
  epochChange,
  permissions,
  permissionsAfterGap,
  keepAlive,
  pushes,
  presence,
  closeCodes,
  slowServer,
  revoked,
  halfOpen,
];
