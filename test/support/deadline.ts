import { jest } from "@jest/globals";

// Jest 30.5 ignores a per-project `testTimeout`; this file is loaded before each test file instead.
jest.setTimeout(60_000);
