import { describe, expect, it } from 'vitest'
import css from './tokens.css?raw'


function tokens(scheme: 'light' | 'dark'): Map<string, string> {
  const block = css.split(`[data-mantine-color-scheme='${scheme}'] {`)[1]?.split('}')[0] ?? ''
  return new Map([...block.matchAll(/--p-([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name ?? '', value ?? '']))
}

/** WCAG 2.2, relative luminance and contrast ratio. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => {
    const part = parseInt(hex.slice(i, i + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
function contrast(a: string, b: string): number {
  const [x = 0, y = 0] = [luminance(a), luminance(b)].sort((p, q) => q - p)
  return (x + 0.05) / (y + 0.05)
}

const grounds = ['ground', 'side', 'page', 'raised', 'row', 'hover', 'theirs', 'ours']
const texts: [string, string][] = [
  ...grounds.flatMap((ground): [string, string][] => [['text', ground], ['dim', ground], ['link', ground]]),
  ['pick-text', 'pick'], ['on-brand', 'brand'], ['on-brand', 'brand-hover'], ['rail-text', 'rail-ground'],
  ...['danger', 'warn', 'good', 'info', 'plain', 'face-0', 'face-1', 'face-2', 'face-3', 'face-4', 'face-5'].map(
    (name): [string, string] => [name, `${name}-ground`]),
  ['danger', 'ground'], ['danger', 'raised'], ['warn', 'ground'], ['text', 'danger-ground'],
]
const edges: [string, string][] = [['edge', 'ground'], ['edge', 'raised'], ['edge', 'page'], ['focus', 'ground'], ['focus', 'page'], ['focus', 'row']]

describe.each(['light', 'dark'] as const)('colours, %s', (scheme) => {
  const all = tokens(scheme)
  const pick = (name: string) => {
    const value = all.get(name)
    if (!value) throw new Error(`no token ${name}`)
    return value
  }
  it.each(texts)('%s can be read on %s', (text, ground) => { expect(contrast(pick(text), pick(ground))).toBeGreaterThanOrEqual(4.5) })
  it.each(edges)('%s can be seen on %s', (edge, ground) => { expect(contrast(pick(edge), pick(ground))).toBeGreaterThanOrEqual(3) })
})
