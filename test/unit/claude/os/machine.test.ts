import { describe, expect, test } from "@jest/globals";
import {
  cgroupFolders,
  machineMemoryBytes,
  parseCgroup,
  parseMeminfo,
  parseVmStat,
  readLinuxMachine,
  readPortableMachine,
  tightest,
} from "../../../../server/claude/os/machine.ts";

describe("REPORT-2: the memory of the machine", () => {
  test("REPORT-2: is on Linux what programs could still have, and not what is free", () => {
    const text =
      "MemTotal:       24560312 kB\nMemFree:          512000 kB\nMemAvailable:   20480000 kB\nBuffers: 1 kB\n";
    expect(parseMeminfo(text)).toEqual({
      totalBytes: 24_560_312 * 1_024,
      availableBytes: 20_480_000 * 1_024,
    });
    expect(parseMeminfo("MemTotal: 1 kB\n")).toBeUndefined();
    expect(parseMeminfo("")).toBeUndefined();
  });

  test.each([
    [
      "a limit of 1 GB, of which 600 MB are used, 100 of them files",
      "1073741824",
      "629145600",
      104_857_600,
      549_453_824,
    ],
    ["more used than allowed", "1000", "2000", 0, 0],
    ["files that were counted late", "1000", "500", 900, 1_000],
  ])(
    "REPORT-2: in a container with %s is what the limit leaves",
    (_what, max, current, files, availableBytes) => {
      const stat = `anon 1\nfile 2\ninactive_file ${files}\nactive_file 3\n`;
      expect(parseCgroup(`${max}\n`, `${current}\n`, stat)).toEqual({
        totalBytes: Number(max),
        availableBytes,
      });
    },
  );

  test.each([
    ["no limit", "max", "500"],
    ["no files of it", "", ""],
    ["no current value", "1000", ""],
  ])("REPORT-2: a control group with %s binds nothing", (_what, max, current) => {
    expect(parseCgroup(max, current, "")).toBeUndefined();
  });

  test("REPORT-2: a control group is bound by all those above it, and in a container by the one at its root", () => {
    expect(cgroupFolders("0::/user.slice/app.service\n")).toEqual([
      "/sys/fs/cgroup/user.slice/app.service",
      "/sys/fs/cgroup/user.slice",
      "/sys/fs/cgroup/",
    ]);
    expect(cgroupFolders("0::/\n")).toEqual(["/sys/fs/cgroup/"]);
    expect(cgroupFolders("4:memory:/docker/abc\n")).toEqual([]);
    expect(cgroupFolders("4:memory:/x\n0::/y\n", "/m")).toEqual(["/m/y", "/m/"]);
    const [loose, tight] = [
      { totalBytes: 16, availableBytes: 1 },
      { totalBytes: 4, availableBytes: 3 },
    ];
    expect(tightest([loose!, tight!])).toEqual({ totalBytes: 4, availableBytes: 1 });
  });

  test("REPORT-23: is on macOS what vm_stat counts as free or soon given up, in pages of its size", () => {
    const text = [
      "Mach Virtual Memory Statistics: (page size of 16384 bytes)",
      "Pages free:                               13577.",
      "Pages active:                            373921.",
      "Pages inactive:                          369422.",
      "Pages speculative:                         2871.",
      "Pages throttled:                              0.",
      "Pages wired down:                        135112.",
      "Pages purgeable:                           1906.",
      '"Translation faults":                 385921021.',
    ].join("\n");
    expect(parseVmStat(text)).toBe((13_577 + 369_422 + 2_871 + 1_906) * 16_384);
    expect(parseVmStat("Pages free: 12.")).toBeUndefined();
    expect(parseVmStat("")).toBeUndefined();
  });

  test("REPORT-2 REPORT-23: both sides read this machine alike", async () => {
    const [linux, portable] = await Promise.all([readLinuxMachine(), readPortableMachine()]);
    for (const { totalBytes, availableBytes, load, coreCount } of [linux, portable]) {
      expect(availableBytes).toBeGreaterThan(0);
      expect(availableBytes).toBeLessThanOrEqual(totalBytes);
      expect(load).toBeGreaterThanOrEqual(0);
      expect(coreCount).toBeGreaterThan(0);
    }
    expect(machineMemoryBytes()).toBeLessThanOrEqual(portable.totalBytes);
    expect(linux.totalBytes).toBeLessThanOrEqual(portable.totalBytes);
  });
});
