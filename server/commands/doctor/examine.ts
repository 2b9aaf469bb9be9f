import type { Check, Finding, Patient } from "./finding.ts";
import { wordOf, wrong } from "./finding.ts";
import { checkApns, checkCertificate, checkVapid } from "./keyChecks.ts";
import {
  checkCli,
  checkLogin,
  checkNode,
  checkOtherCli,
  checkPassedVariables,
  checkSettings,
} from "./programChecks.ts";
import { checkDatabase, checkDataFolder, checkDisk, checkRoots } from "./storageChecks.ts";
import { checkClock, checkKeepAwake, checkPort, checkServer, checkService } from "./systemChecks.ts";

/** Every check, in the order in which people would mend what they find. */
const checks: Readonly<Record<string, Check>> = {
  node: checkNode,
  settings: checkSettings,
  cli: checkCli,
  login: checkLogin,
  "other-cli": checkOtherCli,
  environment: checkPassedVariables,
  "data-folder": checkDataFolder,
  disk: checkDisk,
  database: checkDatabase,
  roots: checkRoots,
  port: checkPort,
  certificate: checkCertificate,
  apns: checkApns,
  vapid: checkVapid,
  clock: checkClock,
  "keep-awake": checkKeepAwake,
  service: checkService,
  server: checkServer,
};

/** Runs every check; one that fails itself is a finding too, and keeps no other from being made. */
export async function examine(patient: Patient): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [name, check] of Object.entries(checks)) {
    try {
      findings.push(...[await check(patient)].flat());
    } catch (error) {
      findings.push(
        wrong(name, `This could not be looked at: ${wordOf(error)}`, "Look at what the sentence names."),
      );
    }
  }
  return findings;
}
