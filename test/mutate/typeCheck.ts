import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Mutant } from "./mutant.ts";
import { isTypeScript } from "./syntax.ts";

export interface TypeFault {
  file: string;
  code: string;
  message: string;
}

/** Reads what `tsc --pretty false` prints; lines that continue a message have no place and are left out. */
export function typeFaultsIn(output: string): TypeFault[] {
  return [...output.matchAll(/^(\S.*?)\(\d+,\d+\): error (TS\d+): (.*)$/gm)].map(
    ([, file, code, message]) => ({
      file: file!,
      code: code!,
      message: message!,
    }),
  );
}

const signature = ({ code, message }: TypeFault) => `${code} ${message}`;

/**
 * The mutants that type check. They are written beside their originals under names of their own, so that one run of the
 * compiler judges them all; what their importers would say of a changed inferred type is not seen.
 */
export function thoseThatTypeCheck(root: string, mutants: readonly Mutant[]): Mutant[] {
  const parsed = mutants.filter(({ text }) => isTypeScript(text));
  const beside = (file: string, name: string) => file.replace(/\.ts$/, `.${name}.ts`);
  const control = (file: string) => beside(file, "unmutated");
  const written = new Map<string, string>();
  for (const { file } of parsed) written.set(control(file), readFileSync(join(root, file), "utf8"));
  parsed.forEach((mutant, index) => {
    written.set(beside(mutant.file, `mutant${index}`), mutant.text);
  });
  for (const [file, text] of written) writeFileSync(join(root, file), text);
  try {
    // Code that a mutant leaves without use or out of reach still runs.
    const lenient = [
      "--noUnusedLocals",
      "false",
      "--noUnusedParameters",
      "false",
      "--allowUnreachableCode",
      "true",
    ];
    const compiler = join(root, "node_modules/.bin/tsc");
    const { stdout, status, error } = spawnSync(
      compiler,
      ["-p", "tsconfig.json", "--noEmit", "--pretty", "false", ...lenient],
      { cwd: root, encoding: "utf8", maxBuffer: 256 * 1024 * 1024 },
    );
    if (error) throw new Error(`The type check could not be started: ${error.message}`, { cause: error });
    const faults = typeFaultsIn(stdout);
    if (status !== 0 && faults.length === 0) throw new Error(`The type check failed: ${stdout}`);
    const foreign = faults.find(({ file }) => !written.has(file));
    if (foreign) throw new Error(`The tree does not type check: ${foreign.file}: ${foreign.message}`);

    const faultsOf = (file: string) => faults.filter((fault) => fault.file === file);
    // A faulty syntax keeps the compiler from looking at types at all: without these files, once more.
    const isSyntax = ({ code }: TypeFault) => /^TS1\d{3}$/.test(code);
    const nameOf = (index: number) => beside(parsed[index]!.file, `mutant${index}`);
    const wellFormed = parsed.filter((_, index) => !faultsOf(nameOf(index)).some(isSyntax));
    if (wellFormed.length < parsed.length) {
      for (const file of written.keys()) rmSync(join(root, file), { force: true });
      return thoseThatTypeCheck(root, wellFormed);
    }
    // A class with private fields is another type under another name: what the unchanged copy is told too does not count.
    return parsed.filter((mutant, index) => {
      const usual = new Set(faultsOf(control(mutant.file)).map(signature));
      return faultsOf(nameOf(index)).every((fault) => usual.has(signature(fault)));
    });
  } finally {
    for (const file of written.keys()) rmSync(join(root, file), { force: true });
  }
}
