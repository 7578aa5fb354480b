import { defineConfig } from '@playwright/test'

// The whole program, as people see it: Debian's Chromium against `parlatory demo`. One worker: the spec files share the
// sample workspace, and the browser and the server share two cores.
export default defineConfig({
  testDir: './specs',
  outputDir: './results/artifacts',
  globalSetup: './house/setup.ts',
  workers: 1,
  fullyParallel: false,
  forbidOnly: process.env['CI'] !== undefined,
  retries: 0,
  timeout: 60_000,
  expect: { timeout: 8_000 },
  reporter: [['list'], ['json', { outputFile: './results/report.json' }]],
  use: {
    locale: 'en-GB',
    timezoneId: 'UTC',
    viewport: { width: 1440, height: 900 },
    actionTimeout: 10_000,
    navigationTimeout: 15_000,
    screenshot: 'only-on-failure',
  },
})
