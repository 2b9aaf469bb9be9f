import { readFileSync } from "node:fs";

/** The version in a package.json. */
export const readVersion = (packagePath: string): string =>
  (JSON.parse(readFileSync(packagePath, "utf8")) as { version: string }).version;
