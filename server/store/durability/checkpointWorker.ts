import { parentPort, workerData } from "node:worker_threads";
import { foldJournal } from "../database.ts";

/** A thread that does one checkpoint: it syncs two files, and a slow disk takes its time for that. */
parentPort?.postMessage(foldJournal(String(workerData)));
