import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";

/** Size of V8's young generation: two halves of 4 MB. Node's own limit is two of 16 MB. */
const limitBytes = 8 * 1024 * 1024;
/** Growth by this factor takes it from its first size, two halves of 1 MB, to the limit in one step. */
const growthFactor = 4;
/** Elements of an array that survives: 64 KB. */
const chunkElements = 8_192;
/** Some dozens are enough; more than this mean that V8 does not grow as it is expected to. */
const maxChunks = 500;

/**
 * Limits the young generation of V8's heap, where new objects live until they are collected or have lasted. Loading a large
 * program fills it up to its own limit, and V8 gives that memory back late or never: 26 MB of a server at rest. Collections of
 * 4 MB take as much time in all as those of 16. The option `--max-semi-space-size` does the same from the command line; from
 * within only the growth can be changed, so it is grown here up to the limit and then held. Call it before the program is loaded.
 */
export function limitYoungGeneration(): void {
  const kept: number[][] = [];
  setFlagsFromString(`--semi-space-growth-factor=${growthFactor}`);
  while (youngBytes() < limitBytes && kept.length < maxChunks)
    kept.push(new Array(chunkElements).fill(kept.length));
  setFlagsFromString("--semi-space-growth-factor=1");
}

/** Bytes that the young generation takes up now. */
export const youngBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space")?.space_size ?? 0;

/**
 * Lets the old generation of V8's heap grow in small steps until the returned function is called. While a large program is
 * loaded, its sources, file contents and syntax trees last just long enough to be taken for old, and V8 lets the heap double
 * before it collects them; a server that nobody uses comes to no further collection and keeps them: 10 MB. The steps take 70 ms
 * of CPU in all. The flag would cost a running server collections in its turns.
 */
export function growInSmallSteps(): () => void {
  setFlagsFromString("--optimize-for-size");
  return () => setFlagsFromString("--no-optimize-for-size");
}
