/**
 * How a project stands with its owner.
 * - `plain`: it brings nothing for which it would have to be trusted. Its CLAUDE.md is read, settings are not looked for.
 * - `untrusted`: it brings more, which is not loaded.
 * - `suspect`: what it would say to Claude lies outside it, behind a link. Nothing of it is read.
 * - `trusted`: the owner said here or in a terminal that it may. Everything that it brings is loaded.
 */
export const projectStandings = ["plain", "untrusted", "suspect", "trusted"] as const;
export type ProjectStanding = (typeof projectStandings)[number];

/** Judges projects by what lies in their directories now and what the owner said before. */
export interface ProjectTrust {
  standingOf(projectPath: string): Promise<ProjectStanding>;
  /**
   * The rules kept from answers "always" in the project, in the CLI's own notation, oldest first; and after them those from
   * answers "session" in the session that is named.
   */
  rulesOf(projectPath: string, sessionId?: string): string[];
}

/** A project whose own settings may act, since when, and on which device that was said. */
export interface TrustedProject {
  projectPath: string;
  trustedAt: number;
  deviceId: string;
}
