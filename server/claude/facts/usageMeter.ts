import type { ModelUse } from "../../domain/processes/usage.ts";

/** The CLI's figures of one model, which it counts up over the whole conversation. */
export interface CumulativeUse {
  inputTokens: number;
  outputTokens: number;
  cacheReadInputTokens: number;
  cacheCreationInputTokens: number;
  costUSD: number;
}
export type UseByModel = Readonly<Record<string, CumulativeUse>>;

const inputOf = (use: CumulativeUse): number =>
  use.inputTokens + use.cacheReadInputTokens + use.cacheCreationInputTokens;

/** Sums of floating-point costs may end a hair below the one before. */
const rounding = 1e-9;

/**
 * Meter of what each result adds to the use of each model. The CLI's figures are cumulative and include subagents; a
 * conversation that is resumed or forked goes on from the figures that its transcript saved (`before`), and `/clear`
 * begins again at zero.
 */
export class UsageMeter {
  #last: UseByModel;

  constructor(before: UseByModel) {
    this.#last = before;
  }

  /** Only the models that were used since the last result. */
  read(total: UseByModel): ModelUse[] {
    const last = this.#last;
    this.#last = total;
    return Object.entries(total).flatMap(([model, now]) => {
      const was = last[model];
      const goesOn =
        was !== undefined && now.costUSD >= was.costUSD - rounding && inputOf(now) >= inputOf(was);
      const from = goesOn ? was : undefined;
      const use = {
        model,
        costUsd: Math.max(0, now.costUSD - (from?.costUSD ?? 0)),
        inputTokens: inputOf(now) - (from === undefined ? 0 : inputOf(from)),
        outputTokens: Math.max(0, now.outputTokens - (from?.outputTokens ?? 0)),
      };
      return use.inputTokens + use.outputTokens > 0 || use.costUsd > rounding ? [use] : [];
    });
  }
}
