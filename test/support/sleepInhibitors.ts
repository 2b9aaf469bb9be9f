import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Programs in the places of the systems' own that keep a computer awake. They run as real children, write down how they were
 * called and by which pid, and end as the real ones do: with the command they were given, or with the process they watch.
 */
export function fakeInhibitors(dir: string, { refuses = false } = {}) {
  const bin = join(dir, "bin");
  const calls = join(dir, "calls");
  mkdirSync(bin, { recursive: true });
  const say = `echo "$$ $(basename "$0") $*" >> '${calls}'`;
  const refuse = `echo 'Failed to connect to bus' >&2; exit 1`;
  const write = (name: string, ...lines: string[]) =>
    writeFileSync(join(bin, name), ["#!/bin/sh", say, ...(refuses ? [refuse] : lines), ""].join("\n"), {
      mode: 0o755,
    });
  write("systemd-inhibit", 'while case "$1" in --*) ;; *) false ;; esac; do shift; done', '"$@"');
  write("caffeinate", 'shift 2; exec tail --follow --pid="$1" /dev/null');
  return {
    /** Before any other program of the same name. */
    path: `${bin}:/usr/bin:/bin`,
    /** How the programs were called so far, the oldest first. */
    calls: () =>
      existsSync(calls)
        ? readFileSync(calls, "utf8")
            .trim()
            .split("\n")
            .map((line) => {
              const [pid = "", name = "", ...given] = line.split(" ");
              return { pid: Number(pid), name, given };
            })
        : [],
  };
}

/** Whether a process of this pid runs; one that nobody has waited for yet does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "latin1") : "";
  return !/\) [ZX] /.test(stat);
}
