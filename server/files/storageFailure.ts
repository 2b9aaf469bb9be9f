import { DaylongError } from "../domain/errors.ts";

/** The error of the catalogue for a disk that takes nothing more; any other error as it is. */
export function storageFailure(error: unknown): unknown {
  const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EROFS" || code === "EIO") {
    return new DaylongError(
      "storage_failed",
      "The file cannot be kept: the disk is full or cannot be written.",
      {
        cause: error,
      },
    );
  }
  return error;
}
