import { expect, test } from "@jest/globals";
import { memoryStorage, StorageHostStore } from "../../../../web/src/hosts/storageHostStore.ts";

const host = (hostId: string) => ({
  hostId,
  name: "desk",
  epoch: "e1",
  addresses: ["http://127.0.0.1:3000"],
  token: "t",
  deviceName: "Phone",
  pairedAt: 1,
});

test("C05: values are kept by host, and go with their host alone", async () => {
  const store = new StorageHostStore(memoryStorage(), "memory");
  await store.saveHost(host("a"));
  await store.saveHost(host("b"));
  await store.set("a", "position", "1");
  await store.set("a", "outbox", "[]");
  await store.set("b", "position", "2");
  await store.removeHost("a");
  expect((await store.hosts()).map(({ hostId }) => hostId)).toEqual(["b"]);
  expect(await store.get("a", "position")).toBeUndefined();
  expect(await store.get("a", "outbox")).toBeUndefined();
  expect(await store.get("b", "position")).toBe("2");
});

test("a host that is saved again replaces itself", async () => {
  const store = new StorageHostStore(memoryStorage(), "memory");
  await store.saveHost(host("a"));
  await store.saveHost({ ...host("a"), epoch: "e2" });
  expect((await store.hosts()).map(({ epoch }) => epoch)).toEqual(["e2"]);
});
