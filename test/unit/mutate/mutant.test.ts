import { expect, test } from "@jest/globals";
import { shuffled } from "../../mutate/mutant.ts";
import { Chance } from "../../support/chance.ts";

const numbers = Array.from({ length: 100 }, (_, index) => index);

test("the same seed draws the same order, another seed another one", () => {
  expect(shuffled(numbers, new Chance(7))).toEqual(shuffled(numbers, new Chance(7)));
  expect(shuffled(numbers, new Chance(8))).not.toEqual(shuffled(numbers, new Chance(7)));
});

test("every candidate is drawn once, and the list itself stays as it was", () => {
  const list = [...numbers];
  expect(shuffled(list, new Chance(7)).sort((a, b) => a - b)).toEqual(numbers);
  expect(list).toEqual(numbers);
});
