import type { DailyUse, PlanUse } from "../../domain/processes/usage.ts";
import type { UsageStore } from "../../domain/stores/facts.ts";
import { type Connection, Statement } from "../statement.ts";

interface UsageRow {
  day: string;
  project_path: string;
  model: string;
  cost_usd: number;
  input_tokens: number;
  output_tokens: number;
  turns: number;
}

/** Use and cost by day, project and model, and the plan's windows as last told, in SQLite. */
export class SqliteUsageStore implements UsageStore {
  readonly #add: Statement<[DailyUse]>;
  readonly #since: Statement<[day: string], UsageRow>;
  readonly #plan: Statement<[], { plan: string }>;
  readonly #setPlan: Statement<[plan: string]>;

  constructor(connection: Connection) {
    this.#add = new Statement(
      connection,
      `INSERT INTO daily_use (day, project_path, model, cost_usd, input_tokens, output_tokens, turns)
       VALUES (@day, @projectPath, @model, @costUsd, @inputTokens, @outputTokens, @turns)
       ON CONFLICT (day, project_path, model) DO UPDATE SET cost_usd = cost_usd + excluded.cost_usd,
         input_tokens = input_tokens + excluded.input_tokens, output_tokens = output_tokens + excluded.output_tokens,
         turns = turns + excluded.turns`,
    );
    this.#since = new Statement(
      connection,
      `SELECT day, project_path, model, cost_usd, input_tokens, output_tokens, turns FROM daily_use WHERE day >= ?
       ORDER BY day, project_path, model`,
    );
    this.#plan = new Statement(connection, "SELECT plan FROM plan_use WHERE id = 1");
    this.#setPlan = new Statement(
      connection,
      "INSERT INTO plan_use (id, plan) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET plan = excluded.plan",
    );
  }

  add(rows: readonly DailyUse[]): void {
    for (const row of rows) this.#add.run(row);
  }

  since(day: string): DailyUse[] {
    return this.#since.all(day).map((row) => ({
      day: row.day,
      projectPath: row.project_path,
      model: row.model,
      costUsd: row.cost_usd,
      inputTokens: row.input_tokens,
      outputTokens: row.output_tokens,
      turns: row.turns,
    }));
  }

  plan(): PlanUse | undefined {
    const row = this.#plan.get();
    return row === undefined ? undefined : (JSON.parse(row.plan) as PlanUse);
  }

  setPlan(plan: PlanUse): void {
    this.#setPlan.run(JSON.stringify(plan));
  }
}
