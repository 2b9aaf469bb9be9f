/** "1 task", "3 tasks". */
export const count = (amount: number, one: string, many = `${one}s`): string =>
  `${amount} ${amount === 1 ? one : many}`;

/** Bytes with the unit that leaves at most four digits. */
export function bytesInWords(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1_000)} KB`;
  if (bytes < 1_000_000_000) return `${(bytes / 1_000_000).toFixed(bytes < 10_000_000 ? 1 : 0)} MB`;
  return `${(bytes / 1_000_000_000).toFixed(1)} GB`;
}

/** 12,345 as "12.3 k". */
export function shortNumber(value: number): string {
  if (value < 1_000) return String(value);
  if (value < 1_000_000) return `${(value / 1_000).toFixed(value < 10_000 ? 1 : 0)} k`;
  return `${Math.round(value / 100_000) / 10} M`;
}

/** Dollars; below a cent as many digits as say something. */
export const dollars = (usd: number): string =>
  usd > 0 && usd < 0.01 ? `$${usd.toFixed(4)}` : `$${usd.toFixed(2)}`;

/** Memory, which is counted in powers of two as its limits are: "394 MB", "2 GB". */
export function memoryInWords(bytes: number): string {
  const megabytes = bytes / 1_024 ** 2;
  if (megabytes < 1_000) return `${Math.round(megabytes)} MB`;
  const gigabytes = megabytes / 1_024;
  return `${gigabytes >= 10 ? Math.round(gigabytes) : Math.round(gigabytes * 10) / 10} GB`;
}
