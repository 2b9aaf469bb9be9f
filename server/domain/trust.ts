/**
 * How a project stands with its owner.
 * - `plain`: it brings no settings that could act, so there is nothing to trust.
 * - `untrusted`: it brings some, and the owner has not said that they may.
 * - `trusted`: the owner said so, here or in a terminal.
 */
export type ProjectStanding = "plain" | "untrusted" | "trusted";

/** Judges projects by what lies in their directories now and what the owner said before. */
export interface ProjectTrust {
  standingOf(projectPath: string): Promise<ProjectStanding>;
  /** The owner trusts the project from now on. `by` is the device on which that was said. */
  trust(projectPath: string, by: string): void;
}
