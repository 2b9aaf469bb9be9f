import { type Signal, useSignal } from "@preact/signals";

export interface Action {
  /** What it is doing, has done, or was refused; empty before. */
  told: Signal<string>;
  isBad: Signal<boolean>;
  isBusy: Signal<boolean>;
  /** Runs `work` and says what came of it. */
  run(doing: string, work: () => Promise<string>): Promise<void>;
}

/** Something that a button does, and its outcome in words beside it. */
export function useAction(): Action {
  const told = useSignal("");
  const isBad = useSignal(false);
  const isBusy = useSignal(false);
  return {
    told,
    isBad,
    isBusy,
    async run(doing, work) {
      isBusy.value = true;
      isBad.value = false;
      told.value = doing;
      try {
        told.value = await work();
      } catch (error) {
        isBad.value = true;
        told.value =
          error instanceof TypeError
            ? "The server does not answer. Nothing was changed."
            : String((error as Error).message);
      }
      isBusy.value = false;
    },
  };
}
