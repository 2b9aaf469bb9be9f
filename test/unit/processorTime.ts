/**
 * Seconds of the processor's time, which no other program takes, that the work takes: to tell linear time over a long text
 * from quadratic, which is ten times over the bound.
 */
export function processorSeconds(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
