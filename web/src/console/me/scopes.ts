import type { TokenAct } from '~/api'

/** The acts that a token may be given, under the name of their feature, in the alphabet's order. */
export function byFeature(acts: readonly TokenAct[]): { feature: string; items: TokenAct[] }[] {
  const found = new Map<string, TokenAct[]>()
  for (const act of acts) found.set(act.feature, [...(found.get(act.feature) ?? []), act])
  return [...found].map(([feature, items]) => ({ feature, items: items.sort((a, b) => a.name.localeCompare(b.name)) })).sort((a, b) => a.feature.localeCompare(b.feature))
}

/** Addresses as they were written, one a line or with commas between. The server reads and judges them. */
export function networks(text: string): string[] {
  return text.split(/[\n,;]+/).map((one) => one.trim()).filter((one) => one !== '')
}
