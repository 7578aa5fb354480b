import { defineConfig } from '@playwright/test'
import tests from './playwright.config.ts'

// `npm run shots`: a picture of each page at 1440 and 390 pixels, light and dark, in results/shots.
export default defineConfig({ ...tests, testDir: './shots', timeout: 240_000, reporter: 'list' })
