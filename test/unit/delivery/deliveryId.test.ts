import { expect, test } from "@jest/globals";
import { newDeliveryId } from "../../../server/delivery/deliveryId.ts";
import { uuidSchema } from "../../../server/wire/ids.ts";

test("an id of a delivery is a UUID that begins with its instant, so that ids sort as they were made", () => {
  const instants = [0, 1, 255, 1_795_000_000_123, 1_795_000_000_124];
  const ids = instants.map((at) => newDeliveryId(at));
  expect(ids.map((id) => uuidSchema.parse(id))).toEqual(ids);
  expect([...ids].sort()).toEqual(ids);
  expect(ids.map((id) => Number.parseInt(id.replace("-", "").slice(0, 12), 16))).toEqual(instants);
  expect(ids[3]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("two ids of one instant differ, and an instant before 1970 is a UUID too", () => {
  expect(newDeliveryId(5)).not.toBe(newDeliveryId(5));
  expect(newDeliveryId(-5)).toMatch(/^00000000-0000-7/);
});
