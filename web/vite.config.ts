import react from '@vitejs/plugin-react'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// The two pages. The widget is built after them by build.mjs, since its loader must know its chunk's hashed name.
export default defineConfig({
  plugins: [react()],
  resolve: { alias: { '~': here('./src') } },
  html: { cspNonce: '__NONCE__' },
  build: {
    target: 'es2022',
    sourcemap: false,
    assetsInlineLimit: 0, // a data: address would need a wider policy
    modulePreload: { polyfill: false },
    rollupOptions: { input: { console: here('./console.html'), door: here('./door.html') } },
  },
  test: { include: ['src/**/*.test.{ts,tsx}'], environment: 'jsdom', css: { include: [/tokens\.css/] } },
})
