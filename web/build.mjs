// Builds everything that the binary carries into dist/:
//   console.html, door.html   the two pages; the server puts a fresh nonce in place of __NONCE__ on each answer
//   assets/*                  their hashed files, good for ever
//   widget/v1.js              the loader that a site includes: a classic script, its name never changes
//   widget/chat-<hash>.js     what the loader imports on first use
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'

const root = fileURLToPath(new URL('.', import.meta.url))
const dist = join(root, 'dist')
const alias = { '~': join(root, 'src') }
const target = 'es2022'

rmSync(join(dist, 'widget'), { recursive: true, force: true })
await build({ root, configFile: join(root, 'vite.config.ts'), logLevel: 'warn' })

const chat = await build({
  root, configFile: false, publicDir: false, logLevel: 'warn', resolve: { alias },
  build: {
    target, outDir: join(dist, 'widget'), emptyOutDir: true, assetsInlineLimit: 0, modulePreload: false,
    rollupOptions: {
      input: join(root, 'src/widget/chat.ts'),
      preserveEntrySignatures: 'strict',
      output: { format: 'es', entryFileNames: 'chat-[hash].js', chunkFileNames: '[name]-[hash].js' },
    },
  },
})
const entry = chat.output.find((file) => file.type === 'chunk' && file.isEntry)
if (!entry) throw new Error('the widget has no chat chunk')

await build({
  root, configFile: false, publicDir: false, logLevel: 'warn', resolve: { alias },
  define: { __CHAT__: JSON.stringify(entry.fileName) },
  build: {
    target, outDir: join(dist, 'widget'), emptyOutDir: false,
    // As a library, so that Vite's preload code stays out of its import().
    lib: { entry: join(root, 'src/widget/loader.ts'), formats: ['iife'], name: 'parlatory', fileName: () => 'v1.js' },
  },
})

const gz = (path) => (gzipSync(readFileSync(path)).length / 1024).toFixed(1).padStart(8) + ' kB gz  '
for (const folder of ['assets', 'widget']) {
  for (const name of readdirSync(join(dist, folder)).sort()) {
    const path = join(dist, folder, name)
    if (statSync(path).isFile() && /\.(js|css)$/.test(name)) console.log(gz(path) + `${folder}/${name}`)
  }
}
