import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts"],
    exclude: ["**/*.long.test.ts"],
    globalSetup: "test/temporary-folder.ts",
    testTimeout: 60_000,
  },
});
