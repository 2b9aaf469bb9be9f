import { jest } from "@jest/globals";

// A unit or integration test waits for no model and no restart: one that is still waiting after a minute waits for ever.
jest.setTimeout(60_000);
