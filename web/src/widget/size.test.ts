// @vitest-environment node
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'
import { describe, expect, it } from 'vitest'

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))

async function gzipped(entry: string, format: 'iife' | 'es'): Promise<number> {
  const made = await build({
    configFile: false,
    logLevel: 'silent',
    publicDir: false,
    define: { __CHAT__: '"chat-00000000.js"' },
    build: {
      write: false,
      target: 'es2022',
      minify: true,
      lib: { entry: here(entry), formats: [format], name: 'parlatory', fileName: 'out' },
    },
  })
  const files = Array.isArray(made) ? made.flatMap((m) => m.output) : 'output' in made ? made.output : []
  return files.reduce((sum, f) => sum + (f.type === 'chunk' ? gzipSync(f.code).length : gzipSync(f.source).length), 0)
}

describe('what a site has to load', () => {
  it('is under 5 kB before the chat is opened, and under 30 kB with it', async () => {
    const loader = await gzipped('./loader.ts', 'iife')
    const chat = await gzipped('./chat.ts', 'es')
    expect(loader).toBeGreaterThan(1000)
    expect(loader).toBeLessThan(5 * 1024)
    expect(loader + chat).toBeLessThan(30 * 1024)
  }, 60_000)
})
