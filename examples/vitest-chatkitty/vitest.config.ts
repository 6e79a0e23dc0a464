import { defineConfig } from 'vitest/config'

export default defineConfig({
  // One server for all files; each test has a world of its own.
  test: { globalSetup: ['chatterie/testing/setup'] },
})
