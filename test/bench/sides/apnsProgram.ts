import { startApnsStandIn } from "../../support/push/apnsStandIn.ts";

/** Apple's stand-in in a process of its own, so that what it costs is taken from neither side. Prints where it is. */
const [tlsDir] = process.argv.slice(2) as [string];
const standIn = await startApnsStandIn({ tlsDir, maxConcurrentStreams: 1_000 });
// What it records is for tests that look at it.
setInterval(() => standIn.requests.splice(0), 1_000);
const { caPath, keyPath, keyId, teamId, topic, host, port } = standIn;
process.stdout.write(`${JSON.stringify({ caPath, keyPath, keyId, teamId, topic, host, port })}\n`);
