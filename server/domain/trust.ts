/**
 * How a project stands with its owner.
 * - `plain`: it brings nothing for which it would have to be trusted. Its CLAUDE.md is read, settings are not looked for.
 * - `untrusted`: it brings more, which is not loaded.
 * - `trusted`: the owner said here or in a terminal that it may. Everything that it brings is loaded.
 */
export type ProjectStanding = "plain" | "untrusted" | "trusted";

/** Judges projects by what lies in their directories now and what the owner said before. */
export interface ProjectTrust {
  standingOf(projectPath: string): Promise<ProjectStanding>;
  /** The owner trusts the project from now on. `by` is the device on which that was said. */
  trust(projectPath: string, by: string): void;
}
