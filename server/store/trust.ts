import type { TrustBook, TrustedProject } from "../domain/ports.ts";
import { type Connection, Statement } from "./statement.ts";

/** The projects whose own settings may act. */
export class SqliteTrustBook implements TrustBook {
  readonly #add: Statement<[TrustedProject]>;
  readonly #get: Statement<[projectPath: string], { found: number }>;
  readonly #remove: Statement<[projectPath: string]>;

  constructor(connection: Connection) {
    this.#add = new Statement(
      connection,
      `INSERT INTO trusted_projects (project_path, trusted_at, device_id) VALUES (@projectPath, @trustedAt, @deviceId)
       ON CONFLICT (project_path) DO NOTHING`,
    );
    this.#get = new Statement(connection, "SELECT 1 AS found FROM trusted_projects WHERE project_path = ?");
    this.#remove = new Statement(connection, "DELETE FROM trusted_projects WHERE project_path = ?");
  }

  add(project: TrustedProject): boolean {
    return this.#add.run(project) > 0;
  }

  has(projectPath: string): boolean {
    return this.#get.get(projectPath) !== undefined;
  }

  remove(projectPath: string): boolean {
    return this.#remove.run(projectPath) > 0;
  }
}
