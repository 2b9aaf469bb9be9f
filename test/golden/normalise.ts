/** What of the machine that recorded a sample is replaced, and by what. */
export interface Machine {
  hostName: string;
  /** The root of the tree. */
  root: string;
  /** Folders in which tests make theirs. */
  temporary: string[];
}

/** Longest text kept of a string, in characters. */
const textLimit = 240;
/** 2026-01-01T00:00:00Z: the first instant of every sample, in milliseconds. */
const firstInstant = 1_767_225_600_000;
const uuidPattern = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/**
 * A sample without what differs from run to run and from machine to machine: ids are numbered, instants count from one day,
 * secrets are all the same letter, folders are those of one owner, long texts and lists are cut.
 */
export function normalised(body: unknown, machine: Machine): unknown {
  const ids = new Map<string, string>();
  const instants = numbersIn(body).filter(isInstant);
  const earliest = Math.min(...instants);

  const text = (value: string): string =>
    machine.temporary
      .reduce(
        (rest, folder) => rest.replace(new RegExp(`${escaped(folder)}/[\\w.-]+`, "g"), "/home/ada"),
        value.replaceAll(machine.root, "/opt/daylong"),
      )
      .replaceAll(machine.hostName, "ada-desktop")
      .replace(uuidPattern, (id) => {
        const known = ids.get(id) ?? `00000000-0000-4000-8000-${String(ids.size + 1).padStart(12, "0")}`;
        ids.set(id, known);
        return known;
      })
      .replace(/\b[0-9a-f]{24,}\b/g, (digest) => "a".repeat(digest.length))
      .replace(/[A-Za-z0-9_+/-]{40,}={0,2}/g, (secret) =>
        /^[0-9a-f]+$/.test(secret) || /\w\/\w+\//.test(secret) ? secret : "A".repeat(secret.length),
      )
      .replace(/(127\.0\.0\.1|localhost|\[::1\]):\d+/g, "$1:3000")
      .replace(/\b(10|172|192)\.\d+\.\d+\.\d+\b/g, "192.168.1.10")
      .slice(0, textLimit);

  const walk = (node: unknown): unknown => {
    if (typeof node === "string") return text(node);
    if (typeof node === "number") return isInstant(node) ? firstInstant + (node - earliest) : node;
    if (Array.isArray(node)) return distinct(node).map(walk);
    if (typeof node !== "object" || node === null) return node;
    return Object.fromEntries(Object.entries(node).map(([key, field]) => [text(key), walk(field)]));
  };
  return walk(body);
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Milliseconds between 2020 and 2035. */
const isInstant = (value: number): boolean => value > 1_577_836_800_000 && value < 2_051_222_400_000;

const numbersIn = (node: unknown): number[] => {
  if (typeof node === "number") return [node];
  if (typeof node !== "object" || node === null) return [];
  return Object.values(node).flatMap(numbersIn);
};

/** At most three elements of a list, of differing keys where there are such. */
function distinct(list: unknown[]): unknown[] {
  const byKeys = new Map<string, unknown>();
  for (const element of list) {
    const keys = typeof element === "object" && element !== null ? Object.keys(element).sort().join(" ") : "";
    const type = (element as { type?: unknown } | null)?.type;
    const kind = `${String(type)} ${keys}`;
    if (!byKeys.has(kind)) byKeys.set(kind, element);
  }
  return [...byKeys.values()].slice(0, 3);
}
