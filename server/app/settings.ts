import { machineMemoryBytes } from "../claude/os/machine.ts";
import type { Caller } from "../domain/delivery/device.ts";
import { DaylongError, type FieldFault } from "../domain/errors.ts";
import {
  autoValue,
  environmentName,
  fallbackOf,
  type Limit,
  type LimitName,
  limitNames,
  limitTable,
} from "../domain/limits.ts";
import type { Clock, Log, Store } from "../domain/ports.ts";
import type { SettingsPort } from "../http/dependencies.ts";
import type { PoolLimits } from "../pool/state/limits.ts";
import type { SettingsPatch, SettingsView, SettingView } from "../wire/settings.ts";
import { type Config, ConfigError, readConfig } from "./config.ts";

type Environment = Readonly<Record<string, string | undefined>>;
type Values = ReadonlyMap<string, number>;
type Effective = Required<Pick<SettingView, "effective" | "limitedBy">>;

export interface SettingsParts {
  store: Store;
  clock: Clock;
  log: Log;
  /** The variables that the configuration is read from. */
  environment: Environment;
}

/**
 * Settings: the limits in force. Each has its value from the environment, else from the store, else by default; the
 * same schemas judge all three. A `live` limit changes at once; any other keeps its value until the server restarts.
 */
export class Settings implements SettingsPort {
  readonly #parts: SettingsParts;
  readonly #listeners = new Set<() => void>();
  readonly #machineBytes = machineMemoryBytes();
  /** The limits that the store held at the start. */
  readonly #started: Values;
  #effective: () => Effective | undefined = () => undefined;
  #config: Config;

  constructor(parts: SettingsParts) {
    this.#parts = parts;
    let stored: Values = parts.store.settings.all();
    try {
      this.#config = this.#read(stored, stored);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      // The stored limits contradict the environment by now. A server that does not start would be no use to the owner.
      parts.log.warn("settings.ignored", { faults: error.faults });
      stored = new Map();
      this.#config = this.#read(stored, stored);
    }
    this.#started = stored;
  }

  /** The configuration in force. */
  get config(): Config {
    return this.#config;
  }

  /** Who tells the number that `auto` means now; `undefined` while a number is set. */
  tellEffective(effective: () => Effective | undefined): void {
    this.#effective = effective;
  }

  /** Calls back after every change; the result unsubscribes. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  view(): SettingsView {
    const stored = this.#parts.store.settings.all();
    return Object.fromEntries(limitNames.map((name) => [name, this.#viewOf(name, stored)])) as SettingsView;
  }

  /** Throws `setting_fixed`, or `invalid_request` when the limits contradict each other; then nothing has changed. */
  change(patch: SettingsPatch, caller: Caller): SettingsView {
    const { store, clock, log } = this.#parts;
    const changes = limitNames.flatMap((name) => {
      const value = patch[name];
      return value === undefined ? [] : [{ name, value: value === "auto" ? autoValue : value }];
    });
    for (const { name } of changes) {
      if (!this.#isFixed(name)) continue;
      throw new DaylongError(
        "setting_fixed",
        `${environmentName(name)} is set in the server's environment or .env file: change it there, and restart.`,
      );
    }
    const wanted = new Map(store.settings.all());
    for (const { name, value } of changes) {
      if (value === null) wanted.delete(name);
      else wanted.set(name, value);
    }
    const config = this.#judged(wanted);
    const before = this.view();
    store.transaction(() => {
      for (const { name, value } of changes) {
        if (value === null) store.settings.remove(name);
        else store.settings.set(name, value);
        const was = before[name].next ?? before[name].value;
        store.audit.add({
          at: clock.now(),
          deviceId: caller.deviceId,
          action: "setting.change",
          target: name,
          detail: `${was} -> ${value === null ? `${this.#fallbackOf(name)} (default)` : shown(name, value)}`,
        });
      }
    });
    this.#config = config;
    log.info("settings.changed", { deviceId: caller.deviceId, names: changes.map(({ name }) => name) });
    for (const listener of this.#listeners) listener();
    return this.view();
  }

  /** What would be in force; first as a whole, as the next start will read it. */
  #judged(wanted: Values): Config {
    try {
      this.#read(wanted, wanted);
      return this.#read(wanted, this.#started);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      const faults = error.faults.map(fieldFaultOf);
      const said = faults.map((fault) => `${fault.path} ${fault.message}`).join("; ");
      throw new DaylongError("invalid_request", `The limits contradict each other: ${said}.`, { faults });
    }
  }

  #read(live: Values, atStart: Values): Config {
    const values: Record<string, string> = {};
    for (const name of limitNames) {
      const value = (limitTable[name].live ? live : atStart).get(name);
      if (value !== undefined) values[environmentName(name)] = String(shown(name, value));
    }
    const set = Object.entries(this.#parts.environment).filter(([, value]) => value !== "");
    return readConfig({ ...values, ...Object.fromEntries(set) });
  }

  #isFixed(name: LimitName): boolean {
    return (this.#parts.environment[environmentName(name)] ?? "") !== "";
  }

  #viewOf(name: LimitName, stored: Values): SettingView {
    const { min, max, live } = limitTable[name];
    const fallback = this.#fallbackOf(name);
    const bounds = { default: fallback, min, max };
    if (this.#isFixed(name)) {
      const text = (this.#parts.environment[environmentName(name)] ?? "").trim().toLowerCase();
      const value = text === "auto" ? "auto" : Number(text);
      return { value, ...bounds, live: false, source: "environment", ...this.#effectiveOf(value) };
    }
    const inForce = (live ? stored : this.#started).get(name);
    const next = shown(name, stored.get(name) ?? fallback);
    const value = shown(name, inForce ?? fallback);
    return {
      value,
      ...bounds,
      live,
      source: inForce === undefined ? "default" : "stored",
      ...(next === value ? {} : { next }),
      ...this.#effectiveOf(value),
    };
  }

  #fallbackOf(name: LimitName): number {
    return fallbackOf(name, this.#machineBytes);
  }

  #effectiveOf(value: number | "auto"): Effective | undefined {
    return value === "auto" ? this.#effective() : undefined;
  }
}

/** A limit's value as the owner writes it. */
const shown = (name: LimitName, value: number): number | "auto" => {
  const { auto }: Limit = limitTable[name];
  return auto === true && value === autoValue ? "auto" : value;
};

/** `SESSION_WARNING_HOURS: must …` -> the field of the request. */
function fieldFaultOf(fault: string): FieldFault {
  const [variable = "", ...message] = fault.split(": ");
  const path = limitNames.find((name) => environmentName(name) === variable) ?? variable;
  return { path, message: message.join(": ") };
}

/** The pool's limits as they are in force whenever they are read. */
export function livePoolLimits(settings: Settings): PoolLimits {
  const names = Object.keys(settings.config) as Array<keyof Config>;
  const getters = names.map((name) => [name, { enumerable: true, get: () => settings.config[name] }]);
  const config = Object.defineProperties({}, Object.fromEntries(getters)) as Config;
  return Object.defineProperty(config, "onChange", {
    enumerable: true,
    value: (listener: () => void) => settings.onChange(listener),
  });
}
