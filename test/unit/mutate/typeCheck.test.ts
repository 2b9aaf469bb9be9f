import { expect, test } from "@jest/globals";
import { typeFaultsIn } from "../../mutate/typeCheck.ts";

test("faults are read with their file and code; the lines that explain one are not faults", () => {
  const output = [
    "server/pool/a.mutant3.ts(12,5): error TS2322: Type 'string' is not assignable to type 'number'.",
    "  The expected type comes from the return type.",
    "server/push/b.ts(1,1): error TS1005: ';' expected.",
    "",
  ].join("\n");
  expect(typeFaultsIn(output)).toEqual([
    {
      file: "server/pool/a.mutant3.ts",
      code: "TS2322",
      message: "Type 'string' is not assignable to type 'number'.",
    },
    { file: "server/push/b.ts", code: "TS1005", message: "';' expected." },
  ]);
});
