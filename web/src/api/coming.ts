import type { paths } from './schema'

// Operations of the HTTP API that schema.d.ts does not know yet. Each goes as soon as it is generated: what stands in
// both is taken from there.

type Parameters<Path> = { query?: never; header?: never; cookie?: never } & ([Path] extends [never] ? { path?: never } : { path: Path })
interface Op<Body, Answer, Path = never> {
  parameters: Parameters<Path>
  requestBody: { content: { 'application/json': Body } }
  responses: { 200: { headers: Record<string, unknown>; content: { 'application/json': Answer } } }
}

interface Coming {
}

export type Paths = paths & Omit<Coming, keyof paths>
